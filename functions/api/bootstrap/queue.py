"""Builds the readers of the dial queue and the service of trunks."""

from __future__ import annotations

from functools import cache

from trunkline.call_control.follow_trunks import TrunkFollower
from trunkline.dial_queue.lease import LaneLeaseRepository
from trunkline.dial_queue.repository import DialQueue
from trunkline.dial_queue.status import QueueCheckpoints, QueueStatusReader
from trunkline.dial_queue.trunk_activity import TrunkActivityService
from trunkline.dial_queue.trunk_service import TrunkService
from trunkline.dial_queue.waiting_calls import WaitingCallCounter
from trunkline.trunks.blocked_callers import BlockedCallers

from .base import calls, clock, lane_notifier, long_polls, table, test_trunks, trunks
from .statistics import statistics


@cache
def dial_queue() -> DialQueue:
    return DialQueue(table())


@cache
def lane_leases() -> LaneLeaseRepository:
    return LaneLeaseRepository(table(), clock())


@cache
def queue_status() -> QueueStatusReader:
    checkpoints = QueueCheckpoints(table(), dial_queue())
    return QueueStatusReader(dial_queue(), lane_leases(), trunks(), checkpoints, clock())


@cache
def trunk_activity_service() -> TrunkActivityService:
    waiting = WaitingCallCounter(table(), dial_queue(), queue_status(), clock())
    return TrunkActivityService(trunk_service(), waiting, statistics(), clock())


@cache
def trunk_follower() -> TrunkFollower:
    return TrunkFollower(trunk_activity_service(), long_polls(), clock())


@cache
def trunk_service() -> TrunkService:
    return TrunkService(
        trunks(),
        test_trunks(),
        lane_leases(),
        calls(),
        queue_status(),
        lane_notifier(),
        clock(),
        BlockedCallers(table(), clock()),
    )
