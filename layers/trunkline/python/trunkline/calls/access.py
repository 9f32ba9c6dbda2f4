"""Ownership of calls: another tenant's, another mode's and a missing call are the same 404."""

from __future__ import annotations

import re

from trunkline.auth.principal import Principal
from trunkline.calls.models import Call
from trunkline.core.errors import NotFound
from trunkline.core.validation import UUID

_MESSAGE = "Call not found"


def parse_call_id(call_id: str) -> str:
    """Return the id as it is stored; raise `NotFound` without a read if it is not a UUID."""
    if not re.fullmatch(UUID, call_id):
        raise NotFound(_MESSAGE)
    return call_id.lower()


def require_own(call: Call | None, principal: Principal) -> Call:
    """Return the call if it belongs to the principal's tenant and mode, else raise `NotFound`."""
    if call is None or (call.tenant_id, call.livemode) != (principal.tenant_id, principal.livemode):
        raise NotFound(_MESSAGE)
    return call
