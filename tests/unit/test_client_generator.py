"""The generator of the Python client: types, operations, and what it leaves out or refuses."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

import pytest

from clients.generate.__main__ import DOCUMENT, PACKAGE, expected_files, write_files
from clients.generate.document import Document, UnsupportedDocument, snake_case
from clients.generate.python_types import docstring, render_models, type_of

OF_THE_API: dict[str, Any] = json.loads(DOCUMENT.read_text())


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"type": "string", "format": "date-time"}, "str"),
        ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, "int | None"),
        ({"type": ["string", "null"]}, "str | None"),
        ({"anyOf": [{"type": "string"}, {"type": "string", "format": "uuid"}]}, "str"),
        ({"enum": ["web", "phone"], "type": "string"}, "Literal['web', 'phone']"),
        ({"const": "ended", "type": "string"}, "Literal['ended']"),
        ({"oneOf": [{"$ref": "#/components/schemas/A"}, {"$ref": "#/components/schemas/B"}]}, "m.A | m.B"),
        ({"type": "array", "items": {"type": "boolean"}}, "list[bool]"),
        ({"type": "object", "additionalProperties": True}, "dict[str, Any]"),
        ({"type": "object", "additionalProperties": {"type": "string"}}, "dict[str, str]"),
        ({"type": "object", "patternProperties": {"^a": {"type": "number"}}}, "dict[str, float]"),
        ({"description": "JSON or a text"}, "Any"),
    ],
)
def test_a_schema_has_a_type(schema: dict[str, Any], expected: str) -> None:
    assert type_of(schema, "m.") == expected


@pytest.mark.parametrize(
    "schema",
    [{"type": "file"}, {"type": "object", "properties": {"inner": {"type": "string"}}}],
    ids=["kind", "object in an object"],
)
def test_what_has_no_type_is_refused_and_not_any(schema: dict[str, Any]) -> None:
    with pytest.raises(UnsupportedDocument):
        type_of(schema)


def test_a_field_that_is_not_required_may_be_left_out() -> None:
    fields = {"a": {"type": "string"}, "b": {"anyOf": [{"type": "string"}, {"type": "null"}]}}
    model = {"type": "object", "properties": fields, "required": ["a"]}
    text = "\n".join(render_models({"Thing": model}))
    assert "    a: str\n" in text + "\n"
    assert "    b: NotRequired[str | None]\n" in text + "\n"


@pytest.mark.parametrize("text", ['ends with "', 'has """ in it', "a \\d pattern", "one\ntwo"])
def test_any_text_becomes_the_same_docstring(text: str) -> None:
    module = ast.parse("def f():\n" + docstring(text, "    "))
    assert ast.get_docstring(module.body[0], clean=True) == text  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "expected"),
    [("createCall", "create_call"), ("getLiveKit", "get_livekit"), ("redeliver", "redeliver")],
)
def test_an_operation_is_named_as_python_does(name: str, expected: str) -> None:
    assert snake_case(name) == expected


def test_each_operation_of_an_api_key_is_in_the_client_and_no_other() -> None:
    in_client = {(each.method, each.path) for each in Document(OF_THE_API).operations}
    assert ("POST", "/api/v1/calls/outbound") in in_client
    left_out = {
        (method.upper(), path)
        for path, item in OF_THE_API["paths"].items()
        for method in item
        if (method.upper(), path) not in in_client
    }
    of_agents = {(method, path) for method, path in left_out if path.startswith("/agent/")}
    assert left_out - of_agents == {
        ("POST", "/api/v1/session"),
        ("POST", "/api/v1/triggers/{trigger_id}/events"),
    }


def test_a_list_with_a_cursor_is_iterated_without_what_chooses_a_page() -> None:
    methods = _methods(expected_files()["_generated/operations.py"])
    assert {"cursor", "wait", "after", "limit", "status"} <= _arguments(methods["list_calls"])
    assert _arguments(methods["iterate_calls"]) & {"cursor", "wait", "after", "limit"} == {"limit"}
    assert "after" in _arguments(methods["iterate_audit"]), "a time, where nothing waits"
    assert "iterate_trunks" not in methods, "it has no cursor"


def test_both_clients_have_the_same_methods() -> None:
    files = expected_files()
    sync, asynchronous = (
        {name: ast.unparse(method.args) for name, method in _methods(files[f"_generated/{name}"]).items()}
        for name in ("operations.py", "async_operations.py")
    )
    assert sync == asynchronous


def test_what_make_setup_has_written_is_up_to_date() -> None:
    stale = [name for name, text in expected_files().items() if (PACKAGE / name).read_text() != text]
    assert stale == [], "run `make setup`"


def test_a_file_that_stays_the_same_is_not_written_again(tmp_path: Path) -> None:
    write_files(tmp_path, {"inner/a.py": "1"})
    (tmp_path / "inner/a.py").chmod(0o400)
    before = (tmp_path / "inner/a.py").stat().st_mtime_ns
    write_files(tmp_path, {"inner/a.py": "1"})
    assert (tmp_path / "inner/a.py").stat().st_mtime_ns == before
    (tmp_path / "inner/a.py").chmod(0o600)
    write_files(tmp_path, {"inner/a.py": "2"})
    assert (tmp_path / "inner/a.py").read_text() == "2"


def _methods(text: str) -> dict[str, ast.FunctionDef | ast.AsyncFunctionDef]:
    found = (
        node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )
    return {node.name: node for node in found}


def _arguments(method: ast.FunctionDef | ast.AsyncFunctionDef) -> set[str]:
    return {each.arg for each in method.args.kwonlyargs}
