"""Idempotency keys of everything but calls: one making, one answer, and no guess after a crash."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.clocks import ManualClock
from tests.support.stubs import PlaintextCipher
from trunkline.core.errors import AlreadyExists, LiveKitFailed
from trunkline.core.idempotency_errors import IdempotencyConflict, IdempotencyInProgress, OutcomeUnknown
from trunkline.storage.idempotency import IdempotencyKey
from trunkline.storage.idempotent_response import IdempotentResponses
from trunkline.storage.table import Table


def once(
    body: dict[str, Any] | None = None, tenant: str = "tenant-1", route: str = "webhooks"
) -> IdempotencyKey:
    made = IdempotencyKey.of({"idempotency-key": "k"}, f"{tenant}#True#{route}", body or {"a": 1})
    assert made is not None
    return made


class IdempotencyHarness:
    def __init__(self, table: Table) -> None:
        self.clock = ManualClock()
        self.remembered = IdempotentResponses(table, PlaintextCipher(), self.clock)  # type: ignore[arg-type]
        self.made = 0

    def work(self) -> dict[str, Any]:
        self.made += 1
        return {"id": f"thing-{self.made}", "secret": "whsec_canary"}

    def answer(self, use: IdempotencyKey | None) -> tuple[Any, bool]:
        found = self.remembered.run(use, "tenant-1", self.work)
        return found.body["id"], found.replayed


@pytest.fixture
def harness(table: Table) -> IdempotencyHarness:
    return IdempotencyHarness(table)


def test_a_repeat_makes_nothing_and_gets_the_first_answer(harness: IdempotencyHarness) -> None:
    assert harness.answer(once()) == ("thing-1", False)
    assert harness.answer(once()) == ("thing-1", True)
    assert harness.made == 1


def test_without_a_key_every_request_makes_something(harness: IdempotencyHarness) -> None:
    assert [harness.answer(None)[0] for _ in range(2)] == ["thing-1", "thing-2"]


def test_another_body_is_a_conflict_another_route_and_tenant_are_not(harness: IdempotencyHarness) -> None:
    harness.answer(once())
    with pytest.raises(IdempotencyConflict):
        harness.answer(once({"a": 2}))
    assert harness.answer(once(route="agents"))[0] == "thing-2"
    assert harness.answer(once(tenant="tenant-2"))[0] == "thing-3"


def test_a_key_is_forgotten_after_a_day(harness: IdempotencyHarness) -> None:
    harness.answer(once())
    harness.clock.move_s(86_401)
    assert harness.answer(once()) == ("thing-2", False)


def test_an_error_is_not_remembered(harness: IdempotencyHarness) -> None:
    def fails() -> Any:
        raise AlreadyExists("there")

    with pytest.raises(AlreadyExists):
        harness.remembered.run(once(), "tenant-1", fails)
    assert harness.answer(once()) == ("thing-1", False)


def test_meanwhile_a_second_request_is_told_to_wait(harness: IdempotencyHarness) -> None:
    def meanwhile() -> Any:
        with pytest.raises(IdempotencyInProgress):
            harness.answer(once())
        return {"id": "first"}

    assert harness.remembered.run(once(), "tenant-1", meanwhile).body == {"id": "first"}
    assert harness.made == 0


def test_after_a_crash_nothing_is_guessed(harness: IdempotencyHarness) -> None:
    class Killed(BaseException):
        pass

    def dies() -> Any:
        raise Killed

    with pytest.raises(Killed):
        harness.remembered.run(once(), "tenant-1", dies)
    with pytest.raises(IdempotencyInProgress):
        harness.answer(once())
    harness.clock.move_s(40)
    with pytest.raises(OutcomeUnknown):
        harness.answer(once())
    assert harness.made == 0


def test_a_livekit_that_did_not_answer_leaves_the_outcome_unknown(harness: IdempotencyHarness) -> None:
    def unclear() -> Any:
        raise LiveKitFailed

    with pytest.raises(LiveKitFailed):
        harness.remembered.run(once(), "tenant-1", unclear)
    with pytest.raises(OutcomeUnknown):
        harness.answer(once())
