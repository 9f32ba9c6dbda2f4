"""The `user_context` of stored templates is encrypted and hidden like a call's."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from tests.store.fixtures_batches import BatchHarness, csv_of, numbers
from tests.store.fixtures_outbound import ME
from tests.store.fixtures_schedules import ScheduleHarness
from tests.store.fixtures_webhooks import all_items
from tests.support.clocks import NOW_MS, ManualClock
from tests.support.stubs import PlaintextCipher
from trunkline.call_templates.create_call import TemplateTargets
from trunkline.call_templates.user_context import TemplateCipher
from trunkline.core.validation import validated
from trunkline.storage.table import Table
from trunkline.tools.repository import ToolRepository
from trunkline.triggers.models import Trigger
from trunkline.triggers.repository import TriggerRepository
from trunkline.triggers.schemas import TriggerSpec
from trunkline.triggers.service import TriggerService
from trunkline.workflows.repository import WorkflowRepository
from trunkline.workflows.schemas import WorkflowSpec
from trunkline.workflows.service import WorkflowService

SECRET = "eyJ-token-of-ada"
CONTEXT = {"auth_token": SECRET, "nested": {"pin": SECRET}, "name": "{{event.name}}"}
SHOWN = {"auth_token": "[hidden]", "nested": "[hidden]", "name": "{{event.name}}"}


def _workflow(table: Table, agents: Any, clock: ManualClock) -> None:
    workflows, tools = WorkflowRepository(table), ToolRepository(table)
    spec = WorkflowSpec(slug="visits", entry_agent="Ada", channel="phone")
    WorkflowService(workflows, agents, tools, clock, lambda *_: False).create(ME, spec)


def _body(**context: Any) -> dict[str, Any]:
    return {"workflow_slug": "visits", "user_id": "u", "user_context": context}


def _readable(table: Table) -> str:
    """Everything in the table but ciphertexts."""
    return str(
        [
            {name: value for name, value in item.items() if name not in ("user_context", "ciphertext")}
            for _, item in all_items(table)
        ]
    )


@pytest.fixture
def triggers(batches: BatchHarness) -> TriggerService:
    clock = ManualClock()
    _workflow(batches.table, batches.outbound.agents, clock)
    cipher: Any = PlaintextCipher()
    targets = TemplateTargets(WorkflowRepository(batches.table), batches.outbound.agents)
    return TriggerService(TriggerRepository(batches.table), targets, cipher, clock, "https://a.example.com")


def _stored(triggers: TriggerService, trigger_id: str) -> Trigger:
    found = triggers.repository.find(trigger_id)
    assert found is not None
    return found


def _context(triggers: TriggerService, trigger_id: str) -> Any:
    return TemplateCipher(triggers.cipher).reveal(_stored(triggers, trigger_id))["user_context"]


def _trigger(triggers: TriggerService, context: Any = None) -> dict[str, Any]:
    body = {
        "workflow_slug": "visits",
        "user_id": "u",
        "user_context": CONTEXT if context is None else context,
    }
    return dict(triggers.create(ME, validated(TriggerSpec, {"name": "t", "body": body})))


def test_a_triggers_context_is_shown_by_its_names_and_stored_as_a_ciphertext(
    triggers: TriggerService, batches: BatchHarness
) -> None:
    made = _trigger(triggers)
    shown = triggers.get(ME, made["id"])
    assert made["body"]["user_context"] == shown["body"]["user_context"] == SHOWN
    assert SECRET not in str([triggers.list(ME), made])
    assert SECRET not in _readable(batches.table)
    assert _context(triggers, made["id"]) == CONTEXT


def test_what_a_client_read_and_sends_back_keeps_what_is_hidden(triggers: TriggerService) -> None:
    made = _trigger(triggers)
    before = _stored(triggers, made["id"])
    triggers.change(ME, made["id"], {"body": made["body"]})
    triggers.change(ME, made["id"], {"description": "x"})
    assert _stored(triggers, made["id"]).user_context == before.user_context, "nothing was encrypted again"
    triggers.change(ME, made["id"], {"body": {**made["body"], "user_context": {**SHOWN, "nested": 1}}})
    assert _context(triggers, made["id"]) == {**CONTEXT, "nested": 1}


def test_a_context_that_was_stored_in_plain_text_is_hidden_and_encrypted_by_the_next_change(
    triggers: TriggerService, batches: BatchHarness
) -> None:
    made = _trigger(triggers)
    before = _stored(triggers, made["id"])
    plain = json.dumps({**made["body"], "user_context": CONTEXT})
    triggers.repository.replace(before, replace(before, body_json=plain, user_context=None))
    assert triggers.get(ME, made["id"])["body"]["user_context"] == SHOWN
    assert _context(triggers, made["id"]) == CONTEXT
    changed = triggers.change(ME, made["id"], {"description": "x"})
    assert changed["body"]["user_context"] == SHOWN
    assert _context(triggers, made["id"]) == CONTEXT
    assert SECRET not in _readable(batches.table)


def test_a_change_that_only_a_hidden_value_has_is_stored(triggers: TriggerService) -> None:
    made = _trigger(triggers)
    changed = triggers.change(
        ME, made["id"], {"body": {**made["body"], "user_context": {**SHOWN, "auth_token": "new"}}}
    )
    assert (changed["version"], changed["body"]) == (made["version"] + 1, made["body"])
    assert _context(triggers, made["id"])["auth_token"] == "new"
    triggers.change(ME, made["id"], {"body": {"workflow_slug": "visits", "user_id": "u"}})
    assert _stored(triggers, made["id"]).user_context is None


@pytest.mark.parametrize("context", ["{{event.context}}", '{{event.context | default("secret")}}'])
def test_a_context_that_is_one_template_is_shown_where_it_only_names_something(
    triggers: TriggerService, context: str
) -> None:
    made = _trigger(triggers, context)
    assert made["body"]["user_context"] == (context if "default" not in context else "[hidden]")
    assert _context(triggers, made["id"]) == context


def test_a_schedules_context_is_hidden_and_reaches_its_call(schedules: ScheduleHarness) -> None:
    _workflow(schedules.outbound.table, schedules.outbound.agents, schedules.clock)
    context = {"auth_token": SECRET, "phone_number": "+14155552671", "day": "{{schedule.date}}"}
    made = schedules.make(kind="workflow", body=_body(**context))
    assert made["body"]["user_context"] == {**dict.fromkeys(context, "[hidden]"), "day": "{{schedule.date}}"}
    assert SECRET not in str(schedules.service.list(ME))
    assert SECRET not in _readable(schedules.outbound.table)
    body = schedules.runner.call_body(schedules.stored(made["id"]), NOW_MS)
    assert body["user_context"] == {**context, "day": "2023-11-14"}


def test_a_batchs_context_is_hidden_and_its_rows_are_called_with_it(batches: BatchHarness) -> None:
    _workflow(batches.table, batches.outbound.agents, ManualClock())
    body = _body(phone="{{row.phone}}", auth_token=SECRET, greeting="Hi {{row.name}}")
    made = batches.made(kind="workflow", body=body, text=csv_of(*numbers(2)))
    assert made["progress"]["accepted"] == 2, "columns that only hidden values name are still known"
    assert made["body"]["user_context"] == {
        "phone": "{{row.phone}}",
        "auth_token": "[hidden]",
        "greeting": "[hidden]",
    }
    assert SECRET not in _readable(batches.table)


def test_a_change_from_1_to_true_is_stored_also_where_it_is_hidden(triggers: TriggerService) -> None:
    made = _trigger(triggers)
    for version, (old, new) in enumerate([(1, True), (True, 0), (0, False)], made["version"]):
        body = {**made["body"], "metadata": {"n": old}, "user_context": {"n": old}}
        triggers.change(ME, made["id"], {"body": body})
        changed = triggers.change(ME, made["id"], {"body": {**body, "metadata": {"n": new}}})
        assert changed["body"]["metadata"]["n"] is new, version
        triggers.change(ME, made["id"], {"body": {**body, "user_context": {"n": new}}})
        assert _context(triggers, made["id"])["n"] is new
