"""Following trunks: a request that waits is answered when what it shows has changed, and not before."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import pytest

from tests.store.fixtures_dialer import UP, WAKE, DialerHarness
from tests.store.test_trunk_activity import MINE, THEIRS, service
from tests.support.builders import TRUNK, make_call
from tests.support.clocks import ManualClock
from trunkline.call_control.follow_trunks import ActivityList, FollowQuery, TrunkFollower
from trunkline.call_control.long_polls import LongPolls
from trunkline.core.errors import NotFound
from trunkline.dial_queue.trunk_service import TrunkChange

WAIT_S = 5


@dataclass
class Followed:
    """A tenant's trunks, and what happens while a request waits."""

    dialer: DialerHarness
    clock: ManualClock = field(default_factory=ManualClock)
    looks_s: list[float] = field(default_factory=list)
    meanwhile: Callable[[], object] = lambda: None

    def __post_init__(self) -> None:
        self.slots = LongPolls(self.dialer.table, self.clock, 4)
        self.follower = TrunkFollower(service(self.dialer), self.slots, self.clock, self.sleep)

    def sleep(self, seconds: float) -> None:
        self.looks_s.append(seconds)
        self.clock.move_s(seconds)
        self.dialer.clock.move_s(seconds)
        planned, self.meanwhile = self.meanwhile, lambda: None
        planned()

    def read(self, after: str | None = None) -> ActivityList:
        return self.follower.activity(MINE, FollowQuery(wait=WAIT_S if after else 0, after=after, seconds=60))


@pytest.fixture
def followed(dialer: DialerHarness) -> Followed:
    return Followed(dialer)


async def test_each_trunk_of_the_tenant_is_shown_and_no_other(followed: Followed) -> None:
    followed.dialer.trunks.create(replace(TRUNK, id="second", name="second"))
    followed.dialer.trunks.grant("second", "tenant-1")
    shown = followed.read()["data"]
    assert {trunk["id"] for trunk in shown} == {TRUNK.id, "second"}
    assert followed.follower.activity(THEIRS, FollowQuery())["data"] == []


async def test_one_trunk_is_followed_alone_and_one_of_others_is_not_found(followed: Followed) -> None:
    followed.dialer.trunks.create(replace(TRUNK, id="second", name="second"))
    followed.dialer.trunks.grant("second", "tenant-1")
    shown = followed.follower.activity(MINE, FollowQuery(trunk_id="second"))["data"]
    assert [trunk["id"] for trunk in shown] == ["second"]
    for principal, trunk_id in ((THEIRS, "second"), (MINE, "third")):
        with pytest.raises(NotFound):
            followed.follower.activity(principal, FollowQuery(trunk_id=trunk_id))


async def test_the_time_alone_is_no_change(followed: Followed) -> None:
    known = followed.read()
    assert followed.read(known["version"])["version"] == known["version"]
    assert sum(followed.looks_s) == WAIT_S


async def test_a_call_that_joins_the_line_ends_the_wait(followed: Followed) -> None:
    known = followed.read()
    followed.meanwhile = lambda: followed.dialer.calls.create(make_call(1))
    changed = followed.read(known["version"])
    assert changed["version"] != known["version"]
    assert changed["data"][0]["waiting"] == 1
    assert followed.looks_s == [0.5]


async def test_a_pause_ends_the_wait(followed: Followed) -> None:
    known = followed.read()
    trunks = service(followed.dialer).trunks
    followed.meanwhile = lambda: trunks.change(MINE, TRUNK.id, TrunkChange(paused=True))
    assert followed.read(known["version"])["data"][0]["state"] == "paused"
    assert followed.looks_s == [0.5]


async def test_an_answer_is_a_change_and_so_is_a_start(followed: Followed) -> None:
    versions = [followed.read()["version"]]
    followed.dialer.livekit.answer = lambda _: UP
    followed.dialer.calls.create(make_call(1))
    await followed.dialer.run().serve(WAKE)
    followed.dialer.clock.move_s(3)
    shown = followed.read()
    versions.append(shown["version"])
    assert (shown["data"][0]["talking"], sum(shown["data"][0]["starts"])) == (1, 1)
    followed.dialer.clock.move_s(1)
    assert followed.read()["version"] == shown["version"]
    followed.dialer.clock.move_s(61)
    versions.append(followed.read()["version"])
    assert len(set(versions)) == 3, "the chart has lost its start"


async def test_a_request_that_waits_takes_a_slot(followed: Followed) -> None:
    known = followed.read()
    slots = [followed.slots.slot("tenant-1", WAIT_S) for _ in range(4)]
    assert sum(slot.__enter__() for slot in slots) == 2
    assert followed.read(known["version"])["poll_after_s"] > 0
    assert followed.looks_s == []


async def test_the_more_trunks_there_are_the_rarer_a_look_is(followed: Followed) -> None:
    for name in ("second", "third", "fourth"):
        followed.dialer.trunks.create(replace(TRUNK, id=name, name=name))
        followed.dialer.trunks.grant(name, "tenant-1")
    followed.read(followed.read()["version"])
    assert followed.looks_s == [1.0] * WAIT_S
