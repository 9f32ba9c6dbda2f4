"""No text from outside keeps a pattern busy for longer than its length explains."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
import time
from collections.abc import Callable

import pytest

import trunkline
from trunkline.core.redaction import redact_for_logs, redact_secrets

_LENGTH = 1_000
_LONGER = 8
"""The longer text is below every bound in a pattern: above it, what fails costs more, and no longer grows."""
_ROUNDS = 7
_SECRETS = ("eyJ", "as_live_", "whsec_", "session=", "Bearer ", "+1")
_PUMPS = (*_SECRETS, "a", "0", " ", ".", "a.", "=", '"', "\\", "|", "[1]", "cps ", "-")
_QUADRATIC = 22
"""An eightfold length takes a linear pattern 8 times as long, and a quadratic one 64 times: the middle."""


Use = Callable[[str], object]
Clock = Callable[[], int]


def all_patterns() -> dict[str, Use]:
    """Find every pattern of the product, as its module uses it: searched for, or matched from the start."""
    found: dict[str, Use] = {}
    for module in pkgutil.walk_packages(trunkline.__path__, "trunkline."):
        loaded = importlib.import_module(module.name)
        for name, value in vars(loaded).items():
            if isinstance(value, re.Pattern):
                search = rf"\b{name}\.(search|sub|findall|finditer)\("
                is_searched = re.search(search, inspect.getsource(loaded))
                found[f"{module.name}.{name}"] = searching(value) if is_searched else value.fullmatch
    return found


def searching(pattern: re.Pattern[str]) -> Use:
    return lambda text: pattern.sub("", text)


PATTERNS = all_patterns()


def cost_ns(use: Use, text: str, clock: Clock) -> int:
    begun = clock()
    use(text)
    return clock() - begun


def growth(use: Use, pump: str, clock: Clock = time.thread_time_ns) -> float:
    """Return how many times as much a longer text costs.

    The clock counts what the processor does for this thread alone. Both lengths take turns, and the least
    cost of each counts: what disturbs some rounds, as a cold cache does, changes nothing.
    """
    short, long = pump * (_LENGTH // len(pump)), pump * (_LONGER * _LENGTH // len(pump))
    costs = [(cost_ns(use, short, clock), cost_ns(use, long, clock)) for _ in range(_ROUNDS)]
    least_short, least_long = min(short_ns for short_ns, _ in costs), min(long_ns for _, long_ns in costs)
    return least_long / max(1, least_short)


@pytest.mark.parametrize("name", sorted(PATTERNS))
def test_every_pattern_takes_time_by_the_length_of_its_text(name: str) -> None:
    slow = [pump for pump in _PUMPS if growth(PATTERNS[name], pump) >= _QUADRATIC]
    assert slow == []


def test_the_check_finds_a_quadratic_pattern() -> None:
    assert growth(searching(re.compile(r"eyJ[\w-]{8,}\.[\w-]+")), "eyJ") >= _QUADRATIC


@pytest.mark.parametrize(("exponent", "grows"), [(1, 8), (2, 64)])
def test_rounds_that_something_disturbs_change_nothing(exponent: int, grows: int) -> None:
    """Both the short and the long text are disturbed, in all rounds but one."""
    spent_ns, disturbed = 0, iter([9, 3, 20, 5, 1, 30, 9, 8, 30, 1, 7, 7, 9, 9])

    def use(text: str) -> None:
        nonlocal spent_ns
        spent_ns += int(len(text) ** exponent) * next(disturbed)

    assert growth(use, "a", clock=lambda: spent_ns) == grows


@pytest.mark.parametrize("redact", [redact_secrets, redact_for_logs])
def test_the_beginning_of_a_token_is_hidden_as_one(redact: object) -> None:
    assert callable(redact)
    assert redact("x " + "eyJ" * 1000 + " y") == "x [redacted] y"
