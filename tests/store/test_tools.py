"""Tools and secrets kept by their tenant: versions, refusals, what is in use, what is never shown."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.support.clocks import ManualClock
from tests.support.stubs import PlaintextCipher
from trunkline.auth.principal import Principal
from trunkline.core.errors import (
    AlreadyExists,
    InUse,
    InvalidRequest,
    LimitReached,
    NotFound,
    VersionConflict,
)
from trunkline.core.redaction import HIDDEN
from trunkline.core.validation import validated
from trunkline.egress.messages import Request, Response
from trunkline.storage.keys.tenants import audit_key
from trunkline.storage.table import Table
from trunkline.tool_runtime.dry_run import ToolDryRunService, Trial, TrialView
from trunkline.tool_runtime.http_retry import RetryingSender
from trunkline.tools.repository import ToolRepository
from trunkline.tools.schemas import ToolSpec
from trunkline.tools.secret_repository import SecretRepository
from trunkline.tools.secret_service import MAX_SECRETS, SecretService, SecretSpec
from trunkline.tools.service import ToolService

ME = Principal("tenant-1", True, frozenset())
OTHERS = (replace(ME, tenant_id="tenant-2"), replace(ME, livemode=False))
CALL: dict[str, Any] = {
    "type": "api_call",
    "method": "POST",
    "url": "https://api.example.com/m/{{params.id}}?k={{secrets.key}}",
    "headers": {"Authorization": "Bearer {{user.auth_token}}"},
    "body": {"id": "{{params.id}}", "name": "{{user.name}}"},
    "save": {"last": "id"},
}
ID = [{"name": "id", "type": "string", "required": True}]


class ToolHarness:
    def __init__(self, table: Table) -> None:
        self.table, self.clock = table, ManualClock()
        self.validated_params: list[tuple[str, str]] = []
        self.users: dict[str, str] = {}
        self.sent: list[Request] = []
        self.answer = Response(200, {}, b'{"id": "m-1", "echo": "jwt-1234 s3cret"}', 1)
        self.store = ToolRepository(table)
        secrets = SecretRepository(table, PlaintextCipher())  # type: ignore[arg-type]
        self.tools = ToolService(
            self.store,
            secrets,
            lambda *asked: self.validated_params.append(asked),
            lambda _, name: self.users.get(name),
            self.clock,
        )
        self.secrets = SecretService(secrets, self.tools.using_secret, self.clock)
        sender = RetryingSender(self.send, self.clock.move_s, lambda: 0.5, self.clock)
        self.trials = ToolDryRunService(self.tools, secrets, sender, self.clock)

    def send(self, request: Request) -> Response:
        self.sent.append(request)
        return self.answer

    def secret(self, name: str = "key", value: str = "s3cret") -> Any:
        return self.secrets.create(ME, SecretSpec(name=name, value=value))

    def tool(self, name: str = "save", *actions: dict[str, Any], who: Principal = ME) -> Any:
        config = {"parameters": ID, "actions": list(actions or (CALL,))}
        return self.tools.create(who, validated(ToolSpec, {"name": name, "config": config}))

    def attempt(self, **wish: Any) -> TrialView:
        return self.trials.run(ME, "save", validated(Trial, wish), "try#1")

    def actions(self) -> list[str]:
        return [item["action"] for item in self.table.partition(audit_key("tenant-1"))]


@pytest.fixture
def tools(table: Table) -> ToolHarness:
    return ToolHarness(table)


def test_a_body_that_says_true_instead_of_1_makes_a_version(tools: ToolHarness) -> None:
    tools.secret()
    tools.tool()

    def change(value: Any) -> Any:
        request = {
            "type": "api_call",
            "method": "POST",
            "url": "https://api.example.com/m",
            "body": {"n": value},
        }
        return tools.tools.change(ME, "save", {"config": {"actions": [request]}})

    assert [change(value)["version"] for value in (1, True, True, 1.0)] == [2, 3, 3, 4]


def test_a_change_makes_a_version_and_a_deleted_one_goes_on_counting(tools: ToolHarness) -> None:
    tools.secret()
    assert tools.tool()["version"] == 1
    assert tools.tools.change(ME, "save", {"description": ""})["version"] == 1
    assert tools.tools.change(ME, "save", {"description": "Saves"})["version"] == 2
    config = {"actions": [{"type": "end_call"}]}
    changed = tools.tools.change(ME, "save", {"config": config})
    assert (changed["version"], changed["description"], changed["config"]) == (3, "Saves", config)
    tools.tools.delete(ME, "save")
    with pytest.raises(NotFound):
        tools.tools.get(ME, "save")
    assert tools.tool()["version"] == 5
    assert [tool["name"] for tool in tools.tools.list(ME)["data"]] == ["save"]
    assert sorted(tools.actions()) == [
        "secret.created",
        "tool.changed",
        "tool.changed",
        "tool.created",
        "tool.created",
        "tool.deleted",
    ]


def test_the_same_config_with_its_defaults_written_out_makes_no_version(tools: ToolHarness) -> None:
    tools.secret()
    made = tools.tool()
    spec = validated(ToolSpec, {"name": "save", "config": made["config"]})
    tools.clock.move_s(5)
    assert tools.tools.change(ME, "save", spec.model_dump(mode="json")) == made
    assert tools.tools.change(ME, "save", {"config": {"actions": [CALL], "parameters": ID}}) == made


def test_the_version_of_a_moment_is_found(tools: ToolHarness) -> None:
    tools.secret()
    moments = [tools.clock.wall_ms() - 1]
    tools.tool()
    for number in range(8):
        moments.append(tools.clock.wall_ms())
        tools.clock.move_s(1)
        tools.tools.change(ME, "save", {"description": str(number)})
    tools.clock.move_s(1)
    found = [tools.store.as_of("tenant-1", "save", moment) for moment in moments]
    assert [tool and tool.version for tool in found] == [None, 1, 2, 3, 4, 5, 6, 7, 8]
    tools.tools.delete(ME, "save")
    assert tools.store.as_of("tenant-1", "save", tools.clock.wall_ms()) is None


def test_every_version_can_be_read(tools: ToolHarness) -> None:
    tools.secret()
    tools.tool()
    for number in range(30):
        tools.tools.change(ME, "save", {"description": str(number)})
    tools.tools.delete(ME, "save")
    tools.tool()
    first = tools.tools.versions(ME, "save", None)
    rest = tools.tools.versions(ME, "save", first["next_cursor"])
    numbers = [tool["version"] for tool in first["data"] + rest["data"]]
    assert numbers == [33, *range(31, 0, -1)], "the deletion is none"
    assert (rest["next_cursor"], rest["data"][-1]["description"]) == (None, "")
    for wrong in ("!!", "eA", "MA", "LTE"):
        with pytest.raises(InvalidRequest):
            tools.tools.versions(ME, "save", wrong)
    for other in OTHERS:
        with pytest.raises(NotFound):
            tools.tools.versions(other, "save", None)


def test_what_can_not_be_kept_is_refused(tools: ToolHarness) -> None:
    with pytest.raises(InvalidRequest, match="there is no secret key"):
        tools.tool()
    tools.secret()
    tools.tool()
    with pytest.raises(AlreadyExists):
        tools.tool()
    with pytest.raises(InvalidRequest, match="name can't be changed"):
        tools.tools.change(ME, "save", {"name": "other"})
    with pytest.raises(InvalidRequest, match=r"config\.actions\.0\.url"):
        tools.tools.change(ME, "save", {"config": {"actions": [CALL | {"url": "https://{{params.id}}"}]}})
    stale = tools.store.load("tenant-1", "save")
    assert stale is not None
    with pytest.raises(VersionConflict):
        tools.store.save(replace(stale, version=3))
    assert set(tools.validated_params) == {("https://api.example.com/m/x?k=x", "config.actions.0.url")}


def test_what_is_in_use_is_not_deleted(tools: ToolHarness) -> None:
    tools.secret()
    tools.tool()
    tools.users["save"] = "workflow meals"
    with pytest.raises(InUse, match="Tool save is in use by workflow meals"):
        tools.tools.delete(ME, "save")
    with pytest.raises(InUse, match="Secret key is in use by tool save"):
        tools.secrets.delete(ME, "key")
    tools.users.clear()
    tools.tools.delete(ME, "save")
    tools.secrets.delete(ME, "key")
    with pytest.raises(NotFound):
        tools.secrets.get(ME, "key")


@pytest.mark.memory_table
def test_a_secret_is_kept_and_never_shown(tools: ToolHarness) -> None:
    shown = [
        tools.secret(),
        tools.secrets.get(ME, "key"),
        tools.secrets.change(ME, "key", {"value": "n3wer"}),
    ]
    assert "s3cret" not in str(shown) + str(tools.secrets.list(ME))
    assert tools.secrets.repository.values("tenant-1", ["key", "nothing"]) == {"key": "n3wer"}
    with pytest.raises(AlreadyExists):
        tools.secret()
    for wrong in ({"value": ""}, {"value": 5}, {}, {"value": "x" * 9000}):
        with pytest.raises(InvalidRequest) as refused:
            tools.secrets.change(ME, "key", wrong)
        assert "value must be a text of 1 to 8192 characters" in refused.value.message
    with pytest.raises(InvalidRequest, match="name can't be changed"):
        tools.secrets.change(ME, "key", {"name": "x", "value": "y"})
    for number in range(MAX_SECRETS - 1):
        tools.secret(f"s{number}")
    with pytest.raises(LimitReached):
        tools.secret("one_more")


@pytest.mark.parametrize("other", OTHERS)
def test_another_tenant_and_the_other_mode_find_nothing(tools: ToolHarness, other: Principal) -> None:
    tools.secret()
    tools.tool()
    assert tools.tools.list(other)["data"] == tools.secrets.list(other)["data"] == []
    for ask in (
        lambda: tools.tools.get(other, "save"),
        lambda: tools.tools.change(other, "save", {}),
        lambda: tools.tools.delete(other, "save"),
        lambda: tools.trials.run(other, "save", Trial(), "x"),
        lambda: tools.secrets.get(other, "key"),
        lambda: tools.secrets.change(other, "key", {"value": "x"}),
        lambda: tools.secrets.delete(other, "key"),
    ):
        with pytest.raises(NotFound):
            ask()
    with pytest.raises(InvalidRequest, match="there is no secret key"):
        tools.tool(who=other)


def test_a_trial_shows_what_would_be_sent_and_sends_nothing(tools: ToolHarness) -> None:
    tools.secret()
    tools.tool("save", {"type": "set_state", "values": {"n": 1}}, CALL, {"type": "end_call"})
    tried = tools.attempt(params={"id": "a/b"}, user={"auth_token": "jwt-1234", "name": "Jo"})
    request = tried["actions"][1]["request"]
    assert request == {
        "method": "POST",
        "url": "https://api.example.com/m/a%2Fb?k=%5Bredacted%5D",
        "headers": {
            "User-Agent": "Trunkline-Tools/1",
            "Idempotency-Key": "(one for each invocation)",
            "Content-Type": "application/json",
            "Authorization": f"Bearer {HIDDEN}",
        },
        "body": {"id": "a/b", "name": "Jo"},
    }
    assert (tried["status"], tried["state"], tried["sent"], tools.sent) == ("succeeded", {"n": 1}, False, [])
    assert tried["actions"][2]["does"] == {"reason": "agent_hangup"}


def test_a_trial_sends_if_that_is_wished(tools: ToolHarness) -> None:
    tools.secret()
    tools.tool()
    tried = tools.attempt(params={"id": "1"}, user={"auth_token": "jwt-1234", "name": "Jo"}, send=True)
    assert tools.sent[0].url.endswith("?k=s3cret")
    assert tools.sent[0].headers["Authorization"] == "Bearer jwt-1234"
    assert tried["result"] == {"id": "m-1", "echo": f"{HIDDEN} {HIDDEN}"}
    assert (tried["state"], tried["done"][0]["http_status"]) == ({"last": "m-1"}, 200)
    assert "s3cret" not in str(tried)
    assert "jwt-1234" not in str(tried)


def test_a_trial_tells_what_is_wrong(tools: ToolHarness) -> None:
    tools.secret()
    tools.tool()
    for wish, kind, says in (
        ({}, "invalid_params", "id: is missing"),
        ({"params": {"id": "1"}}, "unknown_value", "{{user.name}} is not known in this call"),
        (
            {"params": {"id": "1"}, "user": {"auth_token": "a\r\nb", "name": "x"}, "send": True},
            "unknown_value",
            "header",
        ),
    ):
        error = tools.attempt(**wish)["error"]
        assert error is not None
        assert (error["type"], says in error["message"]) == (kind, True)
    assert tools.sent == []
