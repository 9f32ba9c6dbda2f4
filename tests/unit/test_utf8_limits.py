"""Limits on JSON values count bytes of UTF-8, whatever the alphabet."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from trunkline.call_control.outbound import OutboundCall
from trunkline.call_control.workflow_call_schemas import MAX_CONTEXT_BYTES, WorkflowCall
from trunkline.call_templates.schemas import MAX_TEMPLATE_BODY_BYTES
from trunkline.calls.report_schemas import MAX_VARIABLES_BYTES, Reports
from trunkline.core.errors import InvalidRequest
from trunkline.core.json_text import json_bytes
from trunkline.core.metadata import MAX_METADATA_BYTES
from trunkline.core.validation import validated
from trunkline.templating.size_limits import require_size
from trunkline.templating.templates import TemplateError
from trunkline.triggers.schemas import TriggerSpec
from trunkline.workflows.schemas import MAX_INITIAL_VARIABLES_BYTES, WorkflowSpec

WORKFLOW_CALL = {"workflow_slug": "w", "user_id": "u"}
PHONE_CALL = {"agentId": "550e8400-e29b-41d4-a716-446655440000", "phoneNumber": "+14155552671"}


def variables(values: dict[str, Any]) -> object:
    return validated(Reports, {"reports": [{"type": "variables", "sequence": 1, "values": values}]})


DOORS: dict[str, tuple[int, Callable[[dict[str, Any]], object]]] = {
    "metadata": (MAX_METADATA_BYTES, lambda it: validated(OutboundCall, PHONE_CALL | {"metadata": it})),
    "user_context": (
        MAX_CONTEXT_BYTES,
        lambda it: validated(WorkflowCall, WORKFLOW_CALL | {"user_context": it}),
    ),
    "reported variables": (MAX_VARIABLES_BYTES, variables),
    "a workflow's variables": (
        MAX_INITIAL_VARIABLES_BYTES,
        lambda it: validated(WorkflowSpec, {"slug": "w", "entry_agent": "Ada", "variables": it}),
    ),
    "a template": (MAX_TEMPLATE_BODY_BYTES, lambda it: validated(TriggerSpec, {"name": "t", "body": it})),
}


@pytest.mark.parametrize("letter", ["a", "Ж", "語", "😀", '"', "\x01"])
@pytest.mark.parametrize(("limit", "accept"), DOORS.values(), ids=DOORS)
def test_a_value_of_exactly_the_limit_is_taken_and_one_more_byte_is_not(
    limit: int, accept: Callable[[dict[str, Any]], object], letter: str
) -> None:
    room = limit - json_bytes({"x": ""})
    each = json_bytes(letter) - 2
    text = letter * (room // each) + "a" * (room % each)
    assert json_bytes({"x": text}) == limit
    accept({"x": text})
    with pytest.raises(InvalidRequest):
        accept({"x": f"{text}a"})


@pytest.mark.parametrize("letter", ["a", "Ж", "語", "😀"])
def test_what_templates_make_is_counted_in_bytes(letter: str) -> None:
    size = len(letter.encode())
    require_size(letter * (1000 // size), 1000, "it")
    with pytest.raises(TemplateError, match="it would be larger than 1000 bytes"):
        require_size(letter * (1000 // size + 1), 1000, "it")
