"""Ids of simulated participants, jobs and dispatches, in LiveKit's form."""

from __future__ import annotations

import secrets
from collections.abc import Callable

from trunkline.livekit.rooms import CallAttemptRef


def job_id_of(claim: CallAttemptRef) -> str:
    """Derive the job id of a simulated agent: always the same for one claim."""
    return f"AJ_test{claim.call_id.replace('-', '')[:8]}{claim.claim}"


def new_id(prefix: str, token: Callable[[], str] = lambda: secrets.token_hex(6)) -> str:
    """Make an id in LiveKit's form."""
    return f"{prefix}_test{token()}"
