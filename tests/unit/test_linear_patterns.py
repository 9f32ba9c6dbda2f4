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

_LENGTH = 1_500
_SECRETS = ("eyJ", "as_live_", "whsec_", "session=", "Bearer ", "+1")
_PUMPS = (*_SECRETS, "a", "0", " ", ".", "a.", "=", '"', "\\", "|", "[1]", "cps ", "-")
_QUADRATIC = 10.0
"""A fourfold length takes a linear pattern four times as long, and a quadratic one sixteen times."""


Use = Callable[[str], object]


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


def seconds(use: Use, text: str) -> float:
    best = float("inf")
    for _ in range(3):
        begun = time.perf_counter()
        use(text)
        best = min(best, time.perf_counter() - begun)
    return best


def is_linear(use: Use, pump: str) -> bool:
    """Compare lengths that differ fourfold; a repeat rules out that something else took the processor."""
    short, long = pump * (_LENGTH // len(pump)), pump * (4 * _LENGTH // len(pump))
    return any(seconds(use, long) < _QUADRATIC * seconds(use, short) for _ in range(5))


@pytest.mark.parametrize("name", sorted(PATTERNS))
def test_every_pattern_takes_time_by_the_length_of_its_text(name: str) -> None:
    slow = [pump for pump in _PUMPS if not is_linear(PATTERNS[name], pump)]
    assert slow == []


def test_the_check_finds_a_quadratic_pattern() -> None:
    assert not is_linear(searching(re.compile(r"eyJ[\w-]{8,}\.[\w-]+")), "eyJ")


@pytest.mark.parametrize("redact", [redact_secrets, redact_for_logs])
def test_the_beginning_of_a_token_is_hidden_as_one(redact: object) -> None:
    assert callable(redact)
    assert redact("x " + "eyJ" * 1000 + " y") == "x [redacted] y"
