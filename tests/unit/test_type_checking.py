"""What mypy reads of aws-cdk-lib: every module that the code imports."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator
from fnmatch import fnmatchcase
from importlib.util import find_spec
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
MYPY: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["mypy"]


def sources() -> Iterator[str]:
    """Read every file that mypy checks."""
    for name in MYPY["files"]:
        path = ROOT / name
        for file in [path] if path.is_file() else sorted(path.rglob("*.py")):
            yield file.read_text()


def modules_of_the_cdk(source: str) -> set[str]:
    """Find the modules of aws-cdk-lib that a file imports; what else it imports from them are names."""
    spec = find_spec("aws_cdk")
    assert spec is not None
    assert spec.origin is not None
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {each.name for each in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{each.name}" for each in node.names)}
    folder = Path(spec.origin).parent.parent
    return {name for name in found if name.split(".")[0] == "aws_cdk" and (folder / _path(name)).is_dir()}


def _path(module: str) -> str:
    return module.replace(".", "/")


def unread(modules: set[str]) -> set[str]:
    """Return the modules that mypy takes for `Any`: its options skip the CDK, but for a list."""
    listed: set[str] = set()
    for override in MYPY["overrides"]:
        if override.get("follow_imports") == "normal":
            listed |= set(override["module"])
    return {name for name in modules if not any(fnmatchcase(name, pattern) for pattern in listed)}


def test_mypy_reads_every_module_of_the_cdk_that_is_imported() -> None:
    imported = set().union(*map(modules_of_the_cdk, sources()))
    assert "aws_cdk.aws_lambda" in imported
    assert unread(imported) == set(), "add them to the list in pyproject.toml: else their types are Any"


def test_a_module_that_mypy_does_not_read_is_found() -> None:
    source = (
        "from aws_cdk import Duration, aws_ec2 as ec2\nimport aws_cdk.aws_rds\nfrom aws_cdk.aws_eks import X"
    )
    imported = modules_of_the_cdk(source)
    assert imported == {"aws_cdk", "aws_cdk.aws_ec2", "aws_cdk.aws_rds", "aws_cdk.aws_eks"}
    assert unread(imported) == {"aws_cdk.aws_ec2", "aws_cdk.aws_rds", "aws_cdk.aws_eks"}
