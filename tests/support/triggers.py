"""A trigger for tests."""

from __future__ import annotations

from tests.support.clocks import NOW_MS
from trunkline.call_templates.models import CallKind
from trunkline.triggers.models import Trigger

TRIGGER = Trigger(
    id="trg_1",
    tenant_id="tenant-1",
    livemode=True,
    name="signups",
    description="",
    enabled=True,
    kind=CallKind.WORKFLOW,
    body_json='{"workflow_slug":"w","user_id":"u","metadata":{"n":"{{event.n}}"}}',
    user_context=None,
    when=None,
    event_id="{{event.id}}",
    secret=b"",
    version=1,
    created_at_ms=NOW_MS,
    updated_at_ms=NOW_MS,
)
