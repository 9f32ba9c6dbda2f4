"""Route of the words that the API uses, each with a sentence."""

from __future__ import annotations

from typing_extensions import TypedDict

from trunkline.auth.scope_texts import SCOPE_TEXTS
from trunkline.calls.reason_texts import QUEUE_TEXTS, REASON_TEXTS
from trunkline.calls.test_number_texts import TEST_NUMBER_TEXTS
from trunkline.http_api.routing import RouteGroup

from ..auth import ApiRequest

group = RouteGroup()


class ReferenceView(TypedDict):
    """Sentences by word: scopes of keys, reasons of ends, `queue_state`s, and numbers for test calls."""

    scopes: dict[str, str]
    reasons: dict[str, str]
    queue_states: dict[str, str]
    test_numbers: dict[str, str]


@group.get("/api/v1/reference")
def get_reference(_: ApiRequest) -> ReferenceView:
    """Read what the words of the API mean, each in a sentence.

    They change with a release alone.
    """
    return {
        "scopes": {scope.value: text for scope, text in SCOPE_TEXTS.items()},
        "reasons": {reason.value: text for reason, text in REASON_TEXTS.items()},
        "queue_states": {str(state): text for state, text in QUEUE_TEXTS.items()},
        "test_numbers": dict(TEST_NUMBER_TEXTS),
    }
