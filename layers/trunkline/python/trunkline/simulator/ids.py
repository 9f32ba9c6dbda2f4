"""Ids of LiveKit's forms for what is played."""

from __future__ import annotations

import secrets
from collections.abc import Callable

from trunkline.livekit.rooms import CallAttemptRef


def job_id_of(claim: CallAttemptRef) -> str:
    """The job of a played agent: the same whenever it is asked for."""
    return f"AJ_test{claim.call_id.replace('-', '')[:8]}{claim.claim}"


def new_id(prefix: str, token: Callable[[], str] = lambda: secrets.token_hex(6)) -> str:
    """An id of LiveKit's form."""
    return f"{prefix}_test{token()}"
