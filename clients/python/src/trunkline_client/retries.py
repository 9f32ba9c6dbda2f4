"""When a request is sent again, and after which pause. Pure, but for chance."""

from __future__ import annotations

import random
from dataclasses import dataclass

from trunkline_client.errors import UNEXPECTED, ApiError, NoResponse
from trunkline_client.requests import ApiRequest

_TOO_MANY_REQUESTS = 429
_INTERNAL_SERVER_ERROR = 500
_SERVICE_UNAVAILABLE = 503
_RETRIED_TYPES = {"idempotency_in_progress", "queue_unavailable"}
"""The first attempt is still running, or was withdrawn: docs/errors.md of the API."""


@dataclass(frozen=True)
class Retries:
    """How long a request is tried. No attempt begins later than `deadline_s` after the first failure.

    The time of the first attempt does not count: a long poll may take longer than the deadline.
    Where the API names no pause, it is `first_pause_s`, doubled with each failure up to `longest_pause_s`,
    and up to a half less by chance. `deadline_s=0` sends each request once.
    """

    deadline_s: float = 30.0
    first_pause_s: float = 0.5
    longest_pause_s: float = 10.0

    def pause_s(
        self, request: ApiRequest, failure: ApiError | NoResponse, failures: int, elapsed_s: float
    ) -> float | None:
        """Return the seconds until the next attempt, or None if there is none.

        `failures` counts those before this one, `elapsed_s` runs from the first failure.
        """
        if not _may_repeat(request, failure):
            return None
        pause_s = self._pause_s(failure, failures)
        return pause_s if elapsed_s + pause_s < self.deadline_s else None

    def _pause_s(self, failure: ApiError | NoResponse, failures: int) -> float:
        asked_s = failure.retry_after_s if isinstance(failure, ApiError) else None
        if asked_s is not None:
            # A little later, and never earlier: many clients may have been told the same.
            return asked_s * random.uniform(1, 1.1)  # noqa: S311 - a spread, not a secret
        backoff_s = min(self.longest_pause_s, self.first_pause_s * 2.0**failures)
        return backoff_s * random.uniform(0.5, 1)  # noqa: S311 - chance, no secret


def _may_repeat(request: ApiRequest, failure: ApiError | NoResponse) -> bool:
    """Tell whether the request may be sent again, and could then succeed."""
    if isinstance(failure, NoResponse):
        return request.is_repeatable or not failure.was_sent
    if failure.status == _TOO_MANY_REQUESTS:
        return True  # it was refused, and so not carried out
    return request.is_repeatable and (
        failure.status == _SERVICE_UNAVAILABLE
        or failure.type in _RETRIED_TYPES
        or (failure.type == UNEXPECTED and failure.status >= _INTERNAL_SERVER_ERROR)
    )
