"""The routes under `/api/v1/tools` and `/api/v1/secrets`."""

from __future__ import annotations

from local.openapi.route import Route
from trunkline.http_api.responses import Deleted
from trunkline.tool_runtime.dry_run import Trial, TrialView
from trunkline.tools.schemas import ToolList, ToolSpec, ToolView
from trunkline.tools.secret_service import SecretList, SecretSpec, SecretView

_READ, _WRITE = "tools:read", "tools:write"
_NO_TOOL = {"404": "No such tool."}
_NO_SECRET = {"404": "No such secret."}
_TAKEN = {"409": "There is one of this name, you have as many as you may, or the Idempotency-Key is in use."}
_RACED = {"409": "Another request changed it meanwhile: read it and try again."}
_IN_USE = {"409": "It is in use."}
_UNSOUND = {"400": "A field is wrong; the message names its place, as in config.actions.0.url."}

TOOLS = (
    Route("get", "/api/v1/tools", "listTools", "List your tools.", _READ, ToolList),
    Route(
        "post",
        "/api/v1/tools",
        "createTool",
        "Make a tool: what agents can do during a call, and what it takes.",
        _WRITE,
        ToolView,
        status=201,
        means="The tool.",
        takes=ToolSpec,
        more="`docs/tools.md` has the actions and the template syntax.",
        errors=_TAKEN | _UNSOUND,
    ),
    Route("get", "/api/v1/tools/{tool}", "getTool", "Read a tool.", _READ, ToolView, errors=_NO_TOOL),
    Route(
        "patch",
        "/api/v1/tools/{tool}",
        "changeTool",
        "Make a new version with some fields changed.",
        _WRITE,
        ToolView,
        takes=ToolSpec,
        partial=True,
        more="Calls use the version that was current when they were accepted. The name stays.",
        errors=_NO_TOOL | _RACED | _UNSOUND,
    ),
    Route(
        "delete",
        "/api/v1/tools/{tool}",
        "deleteTool",
        "Delete a tool.",
        _WRITE,
        Deleted,
        more="Refused while a workflow or an agent has it.",
        errors=_NO_TOOL | _IN_USE,
    ),
    Route(
        "get",
        "/api/v1/tools/{tool}/versions",
        "listToolVersions",
        "List a tool's versions, newest first.",
        _READ,
        ToolList,
        more="A call's timeline says which one an invocation used.",
        query={"cursor": "The `next_cursor` of the page before."},
        errors=_NO_TOOL,
    ),
    Route(
        "post",
        "/api/v1/tools/{tool}/try",
        "tryTool",
        "See what a tool would send, its secrets hidden; with `send`, send it.",
        _WRITE,
        TrialView,
        means="What it would do, and what came of it.",
        takes=Trial,
        bodiless=True,
        errors=_NO_TOOL,
    ),
    Route(
        "get", "/api/v1/secrets", "listSecrets", "List the secrets of your tools.", "secrets:read", SecretList
    ),
    Route(
        "post",
        "/api/v1/secrets",
        "createSecret",
        "Store a secret that tools name as `{{secrets.NAME}}`.",
        "secrets:write",
        SecretView,
        status=201,
        means="The secret, without its value.",
        takes=SecretSpec,
        errors=_TAKEN,
    ),
    Route(
        "get",
        "/api/v1/secrets/{secret}",
        "getSecret",
        "Read when a secret was stored; its value can't be read.",
        "secrets:read",
        SecretView,
        errors=_NO_SECRET,
    ),
    Route(
        "patch",
        "/api/v1/secrets/{secret}",
        "changeSecret",
        "Put another value in its place.",
        "secrets:write",
        SecretView,
        takes=SecretSpec,
        partial=True,
        more="It counts for the next invocation, also of calls that go on.",
        errors=_NO_SECRET | _RACED,
    ),
    Route(
        "delete",
        "/api/v1/secrets/{secret}",
        "deleteSecret",
        "Delete a secret.",
        "secrets:write",
        Deleted,
        more="Refused while a tool names it.",
        errors=_NO_SECRET | _IN_USE,
    ),
)
