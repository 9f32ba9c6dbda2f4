"""Architecture rules that import-linter cannot state: purity by role, lengths, settings, wall time."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

import pytest

from tests.support.wall_time import wall_time_assertions
from trunkline.core.settings import ApiSettings, MissingSetting

ROOT = Path(__file__).resolve().parent.parent.parent
PACKAGE = ROOT / "layers" / "trunkline" / "python" / "trunkline"
GENERATED_MODELS = ROOT / "clients" / "python" / "src" / "trunkline_client" / "models.py"
CODE = sorted(
    path
    for folder in (
        "layers/trunkline",
        "functions",
        "infrastructure",
        "audit",
        "docs_site",
        "local",
        "cli",
        "agent",
        "clients/generate",
        "clients/python/src",
        "benchmarks",
        "tests",
    )
    for path in (ROOT / folder).rglob("*.py")
    if not {"__pycache__", "documents", "_generated"} & set(path.parts) and path != GENERATED_MODELS
)
MAX_LINES = 300
PURE_ROLES = (
    "storage/keys/*",
    "templating/*",
    "*models",
    "*value_objects",
    "*schemas",
    "*transitions",
    "*/state",
    "*/states",
    "*/events",
    "*reasons",
    "*/errors",
    "*_policy",
    "*_result",
    "*_position",
    "*_cap",
    "*_rules",
    "*_limits",
    "*/circuit_breaker",
    "*/redaction",
    "*/pacing",
    "*/timing",
    "*/forecast",
)
"""Roles of modules that decide and describe, and leave effects to others: things and their keys, what
clients send, changes of state, rules and calculations. A module of another role joins them by the word
"Pure." in its docstring."""
EFFECTS = (
    "boto3",
    "botocore",
    "aws_encryption_sdk",
    "aiohttp",
    "httpx",
    "livekit.api",
    "asyncio",
    "threading",
    "socket",
    "os",
    "time",
    "random",
    "secrets",
)
VALUE_TYPES = ("boto3.dynamodb",)
"""What sounds like an effect and is none: conditions and numbers of DynamoDB."""


def name_of(path: Path) -> str:
    """Return a module's path in the package, without its ending."""
    return str(path.relative_to(PACKAGE).with_suffix(""))


MODULES = {name_of(path): path for path in sorted(PACKAGE.rglob("*.py")) if path.stem != "__init__"}


def is_pure(name: str) -> bool:
    """Tell whether a module is to be pure, by its role or by its own word."""
    docstring = ast.get_docstring(ast.parse(MODULES[name].read_text())) or ""
    return any(fnmatch(name, role) for role in PURE_ROLES) or bool(re.search(r"\bPure\.", docstring))


def imports_of(path: Path) -> set[str]:
    """Return what a module imports when it runs: not what a type checker alone sees."""
    return set(imports_in(ast.parse(path.read_text())))


def imports_in(node: ast.AST) -> Iterator[str]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            yield from (alias.name for alias in child.names)
        elif isinstance(child, ast.ImportFrom) and child.level == 0:
            yield child.module or ""
        elif not (isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING"):
            yield from imports_in(child)


def starts_with(name: str, roots: tuple[str, ...]) -> bool:
    return any(name == root or name.startswith(root + ".") for root in roots)


def effects_of(name: str) -> set[str]:
    """Return the imports of a module that have effects."""
    found = imports_of(MODULES[name])
    return {name for name in found if starts_with(name, EFFECTS) and not starts_with(name, VALUE_TYPES)}


def reached_from(name: str) -> dict[str, str]:
    """Return every module of ours that a module imports, also by way of others, and who imports it."""
    reached, to_look_at = {name: ""}, [name]
    while to_look_at:
        importer = to_look_at.pop()
        for imported in imports_of(MODULES[importer]):
            module = imported.removeprefix("trunkline.").replace(".", "/")
            if module in MODULES and module not in reached:
                reached[module] = importer
                to_look_at.append(module)
    return reached


@pytest.mark.parametrize("name", [name for name in MODULES if is_pure(name)])
def test_a_pure_module_reaches_no_effect(name: str) -> None:
    reached = reached_from(name)
    found = {f"{module} (by {reached[module] or name})": effects_of(module) for module in reached}
    assert not {module: effects for module, effects in found.items() if effects}


def test_two_modules_alone_make_livekit_requests() -> None:
    users = {name for name, path in MODULES.items() if "LiveKitAPI" in path.read_text()}
    assert users == {"livekit/client", "livekit/dispatches"}


def test_no_file_is_longer_than_300_lines() -> None:
    lines = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in CODE}
    assert not {path: count for path, count in lines.items() if count > MAX_LINES}, "split it"


def test_handlers_are_short() -> None:
    for path in (ROOT / "functions").rglob("handler.py"):
        assert len(path.read_text().splitlines()) <= 60, path


def test_a_missing_setting_is_named() -> None:
    environ = {"TABLE_NAME": "t", "DIAL_QUEUE_URL": "q", "LIVEKIT_SECRET_ARN": "a", "CONTEXT_KEY_ARN": "c"}
    environ |= {"DELIVERY_FLOW_ARN": "d", "OUTGOING_LOOPBACK_PORTS": "none", "API_URL": "u"}
    environ |= {"TEST_DIAL_QUEUE_URL": "t", "OWN_LIVEKIT_PREFIX": "p/", "DATA_KEY_ARN": "k"}
    environ |= {f"SCHEDULE_{name}": "s" for name in ("GROUP", "QUEUE_ARN", "ROLE_ARN")}
    environ |= {"BATCH_BUCKET": "b", "BATCH_FLOW_ARN": "f"}
    environ |= {"USER_POOL_ISSUER": "none", "USER_POOL_CLIENT_ID": "none", "LONG_POLLS": "2"}
    with pytest.raises(MissingSetting, match="KEY_PEPPER_ARN"):
        ApiSettings.from_env(environ)
    assert ApiSettings.from_env(environ | {"KEY_PEPPER_ARN": "p"}).table_name == "t"


TESTS = [path for path in CODE if path.is_relative_to(ROOT / "tests")]
VIRTUAL_TIME = ROOT / "tests" / "store"


def test_no_test_asserts_on_wall_time() -> None:
    found = {
        str(path.relative_to(ROOT))
        for path in TESTS
        if wall_time_assertions(path.read_text(), loop_time_is_virtual=path.is_relative_to(VIRTUAL_TIME))
    }
    assert not found, "a duration says how busy the machine is; assert what was done"
