"""Triggers that are refused when they are stored, since each or all but one of their events would be lost."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import pytest

from tests.store.fixtures_outbound import ME, OutboundHarness
from tests.support.clocks import ManualClock
from tests.support.stubs import PlaintextCipher
from trunkline.call_templates.create_call import TemplateTargets
from trunkline.core.errors import InvalidRequest
from trunkline.core.validation import validated
from trunkline.storage.table import Table
from trunkline.triggers.repository import TriggerRepository
from trunkline.triggers.schemas import TriggerSpec
from trunkline.triggers.service import TriggerService
from trunkline.workflows.repository import WorkflowRepository


class TriggerHarness:
    def __init__(self, table: Table) -> None:
        self.outbound, cipher = OutboundHarness(table), cast(Any, PlaintextCipher())
        targets = TemplateTargets(WorkflowRepository(table), self.outbound.agents)
        self.repository = TriggerRepository(table)
        self.service = TriggerService(
            self.repository, targets, cipher, ManualClock(), "https://a.example.com"
        )

    def make(self, **more: Any) -> dict[str, Any]:
        body = {"agentId": self.outbound.agent.id, "phoneNumber": "{{event.phone}}"}
        spec = {"name": "t", "kind": "outbound", "body": body} | more
        return dict(self.service.create(ME, validated(TriggerSpec, spec)))


@pytest.fixture
def triggers(table: Table) -> TriggerHarness:
    return TriggerHarness(table)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"event_id": "signup"}, "event_id needs a template"),
        ({"body": {}}, "body.agentId must name an agent of yours"),
        ({"body": {"agentId": "00000000-0000-4000-8000-000000000000"}}, "must name an agent of yours"),
        ({"kind": "workflow", "body": {"workflow_slug": "theirs"}}, "must name a workflow of yours"),
        ({"when": "a && nope(b)"}, "there is no function nope"),
    ],
)
def test_a_trigger_that_could_start_no_call_is_refused(
    triggers: TriggerHarness, wrong: dict[str, Any], says: str
) -> None:
    with pytest.raises(InvalidRequest, match=says):
        triggers.make(**wrong)
    assert triggers.service.list(ME)["data"] == []


@pytest.mark.parametrize(("body", "field"), [({}, "agentId"), ({"agent_id": "x"}, "agent_id")])
def test_an_error_of_the_body_names_the_field_in_it(
    triggers: TriggerHarness, body: dict[str, Any], field: str
) -> None:
    with pytest.raises(InvalidRequest) as refused:
        triggers.make(body=body)
    assert refused.value.field == f"body.{field}"


def test_what_a_template_names_is_looked_up_at_the_event(triggers: TriggerHarness) -> None:
    body = {"agentId": "{{event.agent}}", "phoneNumber": "{{event.phone}}"}
    assert triggers.make(body=body, event_id="signup-{{event.user.id}}")["body"] == body


def test_a_trigger_of_before_these_rules_can_be_disabled(triggers: TriggerHarness) -> None:
    made = triggers.make()
    before = triggers.service.require(ME, made["id"])
    triggers.repository.replace(before, replace(before, event_id="signup"))
    triggers.outbound.agents.delete(triggers.outbound.agent, [])
    assert triggers.service.change(ME, made["id"], {"enabled": False})["enabled"] is False
    with pytest.raises(InvalidRequest, match="an agent of yours"):
        triggers.service.change(ME, made["id"], {"enabled": True})
