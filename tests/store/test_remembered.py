"""Idempotency keys of everything but calls: one making, one answer, and no guess after a crash."""

from __future__ import annotations

from typing import Any

import pytest

from tests.builders import ManualClock, PlainCipher
from trunkline.core.errors import (
    AlreadyExists,
    IdempotencyConflict,
    IdempotencyInProgress,
    LiveKitFailed,
    OutcomeUnknown,
)
from trunkline.storage.idempotency import IdempotencyKey
from trunkline.storage.idempotent_response import IdempotentResponses
from trunkline.storage.table import Table


def once(
    body: dict[str, Any] | None = None, tenant: str = "tenant-1", route: str = "webhooks"
) -> IdempotencyKey:
    made = IdempotencyKey.of({"idempotency-key": "k"}, f"{tenant}#True#{route}", body or {"a": 1})
    assert made is not None
    return made


class Scene:
    def __init__(self, table: Table) -> None:
        self.clock = ManualClock()
        self.remembered = IdempotentResponses(table, PlainCipher(), self.clock)  # type: ignore[arg-type]
        self.made = 0

    def work(self) -> dict[str, Any]:
        self.made += 1
        return {"id": f"thing-{self.made}", "secret": "whsec_canary"}

    def answer(self, use: IdempotencyKey | None) -> tuple[Any, bool]:
        found = self.remembered.answer(use, "tenant-1", self.work)
        return found.body["id"], found.replayed


@pytest.fixture
def scene(table: Table) -> Scene:
    return Scene(table)


def test_a_repeat_makes_nothing_and_gets_the_first_answer(scene: Scene) -> None:
    assert scene.answer(once()) == ("thing-1", False)
    assert scene.answer(once()) == ("thing-1", True)
    assert scene.made == 1


def test_without_a_key_every_request_makes_something(scene: Scene) -> None:
    assert [scene.answer(None)[0] for _ in range(2)] == ["thing-1", "thing-2"]


def test_another_body_is_a_conflict_another_route_and_tenant_are_not(scene: Scene) -> None:
    scene.answer(once())
    with pytest.raises(IdempotencyConflict):
        scene.answer(once({"a": 2}))
    assert scene.answer(once(route="agents"))[0] == "thing-2"
    assert scene.answer(once(tenant="tenant-2"))[0] == "thing-3"


def test_a_key_is_forgotten_after_a_day(scene: Scene) -> None:
    scene.answer(once())
    scene.clock.move_s(86_401)
    assert scene.answer(once()) == ("thing-2", False)


def test_an_error_is_not_remembered(scene: Scene) -> None:
    def fails() -> Any:
        raise AlreadyExists("there")

    with pytest.raises(AlreadyExists):
        scene.remembered.answer(once(), "tenant-1", fails)
    assert scene.answer(once()) == ("thing-1", False)


def test_meanwhile_a_second_request_is_told_to_wait(scene: Scene) -> None:
    def meanwhile() -> Any:
        with pytest.raises(IdempotencyInProgress):
            scene.answer(once())
        return {"id": "first"}

    assert scene.remembered.answer(once(), "tenant-1", meanwhile).body == {"id": "first"}
    assert scene.made == 0


def test_after_a_crash_nothing_is_guessed(scene: Scene) -> None:
    class Killed(BaseException):
        pass

    def dies() -> Any:
        raise Killed

    with pytest.raises(Killed):
        scene.remembered.answer(once(), "tenant-1", dies)
    with pytest.raises(IdempotencyInProgress):
        scene.answer(once())
    scene.clock.move_s(40)
    with pytest.raises(OutcomeUnknown):
        scene.answer(once())
    assert scene.made == 0


def test_a_livekit_that_did_not_answer_leaves_the_outcome_unknown(scene: Scene) -> None:
    def unclear() -> Any:
        raise LiveKitFailed

    with pytest.raises(LiveKitFailed):
        scene.remembered.answer(once(), "tenant-1", unclear)
    with pytest.raises(OutcomeUnknown):
        scene.answer(once())
