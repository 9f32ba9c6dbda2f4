"""What goes into the layers."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from infrastructure import assets

PACKAGE = assets.ROOT / "layers" / "trunkline" / "python" / "trunkline"


def test_the_layer_keeps_the_models_of_exactly_the_services_that_are_called() -> None:
    called = {
        str(node.args[0].value)
        for folder in (PACKAGE, assets.ROOT / "functions")
        for path in folder.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and ast.unparse(node.func) == "aws_clients.client"
        and isinstance(node.args[0], ast.Constant)
    }
    by_the_encryption_sdk = {"kms"}
    assert called | by_the_encryption_sdk == assets.AWS_SERVICES
    kept = assets.wheels_layer("dependencies", "host") / "python" / "botocore" / "data"
    assert {folder.name for folder in kept.iterdir() if folder.is_dir()} == assets.AWS_SERVICES


def test_the_product_comes_with_its_byte_code_and_without_build_leftovers() -> None:
    folder = assets.trunkline_layer() / "python"
    made = bool(list(folder.rglob("__pycache__/table.*.pyc")))
    assert made == (sys.version_info[:2] == assets.RUNTIME), "another Python's byte code is dead weight"
    assert not list(folder.rglob("*.egg-info"))


def test_a_layer_is_built_once(tmp_path: Path) -> None:
    assert assets.functions_code() == assets.functions_code()
    assert (assets.functions_code() / "functions" / "api" / "handler.py").exists()
    assert not zipfile.is_zipfile(assets.functions_code())


def test_a_layer_that_another_process_built_meanwhile_is_used(tmp_path: Path) -> None:
    folder = tmp_path / "layer"

    def build_late(scratch: Path) -> None:
        (scratch / "mine").touch()
        folder.mkdir()
        (folder / "theirs").touch()

    assert assets.once(folder, build_late) == folder
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["theirs"]


@pytest.mark.parametrize(
    "function", sorted(path.parent.name for path in assets.ROOT.glob("functions/*/handler.py"))
)
def test_each_handler_can_be_imported_from_the_asset(function: str) -> None:
    path = os.pathsep.join([str(assets.functions_code()), str(assets.ROOT / "layers/trunkline/python")])
    environment = {"PYTHONPATH": path, "AWS_DEFAULT_REGION": "us-east-1"}
    code = f"import functions.{function}.handler as handler; handler.handle"
    subprocess.run([sys.executable, "-c", code], env=environment, check=True, cwd="/")
