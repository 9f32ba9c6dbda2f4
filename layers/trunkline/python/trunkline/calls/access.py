"""Whose call is it: another tenant's, another mode's and a missing one are the same 404."""

from __future__ import annotations

import re

from trunkline.auth.principal import Principal
from trunkline.calls.models import Call
from trunkline.core.errors import NotFound
from trunkline.core.validation import UUID

_MESSAGE = "Call not found"


def parse_call_id(call_id: str) -> str:
    """The id as it is stored; what can be no id raises `NotFound` without a look-up."""
    if not re.fullmatch(UUID, call_id):
        raise NotFound(_MESSAGE)
    return call_id.lower()


def require_own(call: Call | None, principal: Principal) -> Call:
    """Return the call if it is of the principal's tenant and mode, else raise `NotFound`."""
    if call is None or (call.tenant_id, call.livemode) != (principal.tenant_id, principal.livemode):
        raise NotFound(_MESSAGE)
    return call
