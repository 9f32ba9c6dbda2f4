"""Endpoints of a tenant's, each with an address of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from local.webhook_receiver import Receiver, receiver


@pytest.fixture
def endpoint() -> Iterator[Receiver]:
    """A tenant's webhook endpoint; it answers 200 until told otherwise."""
    with receiver() as made:
        yield made


@pytest.fixture
def backend() -> Iterator[Receiver]:
    """A tenant's backend, for its tools; it gives each meal an id."""
    with receiver() as made:
        made.respond = lambda _: (201, {"Content-Type": "application/json"}, b'{"meal_id": "meal-7"}')
        yield made
