"""The words that the API explains are all of its words."""

from __future__ import annotations

from typing import Any

from functions.api.routes.reference import get_reference
from trunkline.auth.scopes import Scope
from trunkline.calls.reasons import Reason
from trunkline.calls.test_numbers import TEST_NUMBERS
from trunkline.calls.value_objects import WaitsFor


def test_each_word_has_a_sentence() -> None:
    request: Any = None
    shown = get_reference(request)
    assert set(shown["scopes"]) == {scope.value for scope in Scope}
    assert set(shown["reasons"]) == {reason.value for reason in Reason}
    assert set(shown["queue_states"]) >= {wait.value for wait in WaitsFor}
    assert set(shown["test_numbers"]) == set(TEST_NUMBERS)
    texts = [*shown["scopes"].values(), *shown["test_numbers"].values()]
    assert all(text[0].isupper() and text.endswith(".") for text in texts)
