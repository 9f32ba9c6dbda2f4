"""New LiveKit credentials: the trunks that LiveKit refused dial again at once."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import pytest

from tests.store.fixtures_auth import OPERATOR
from tests.store.fixtures_dialer import WAKE, DialerHarness
from tests.support.builders import TRUNK, make_call
from tests.support.clocks import NOW_MS
from tests.support.stubs import make_notifier
from trunkline.calls.states import State
from trunkline.dial_queue.refused_trunks import RefusedTrunks
from trunkline.dialer.lane_run import StopReason
from trunkline.livekit.credentials import LiveKitCredentials, LiveKitSecret
from trunkline.livekit.project_service import LiveKitProjectService, OwnLiveKit
from trunkline.livekit.projects import ProjectRegistry
from trunkline.livekit.sdk_boundary import UNAUTHENTICATED, LiveKitUnavailable
from trunkline.trunks.circuit_breaker import TrunkCircuitBreaker

REFUSED = "livekit_refused: unauthenticated (401)"
NEW = OwnLiveKit(url="wss://own.test", api_key="ownkey", api_secret="o" * 32)
FAILING = TrunkCircuitBreaker("carrier_failing: SIP 503", NOW_MS, NOW_MS + 600_000)


class Secrets:
    """The one secret of Secrets Manager; the other requests are not used."""

    def __init__(self, text: str = "") -> None:
        self.text, self.reads = text, 0

    def create_secret(self, **values: Any) -> dict[str, str]:
        self.text = values["SecretString"]
        return {"ARN": "arn"}

    def get_secret_value(self, **_: Any) -> dict[str, str]:
        self.reads += 1
        return {"SecretString": self.text}


class Registry:
    """The cache of credentials, which the service clears."""

    def __init__(self) -> None:
        self.forgotten: list[str] = []

    def forget(self, tenant_id: str) -> None:
        self.forgotten.append(tenant_id)


def own(dialer: DialerHarness, tenant_id: str | None = "tenant-1") -> None:
    dialer.trunks.save(replace(TRUNK, livekit_tenant_id=tenant_id))


def put_project(dialer: DialerHarness) -> None:
    notifier = make_notifier(dialer.wakeups, dialer.clock)
    LiveKitProjectService(
        table=dialer.table,
        secrets=cast("Any", Secrets()),
        secret_prefix="p/",
        kms_key_id="k",
        projects=cast("ProjectRegistry", Registry()),
        check_url=lambda _: None,
        webhook_url="https://api.test/livekit/webhook",
        clock=dialer.clock,
        resume_trunks=RefusedTrunks(dialer.trunks, notifier, dialer.clock).resume,
    ).put(OPERATOR, NEW)


async def refuse(dialer: DialerHarness) -> None:
    dialer.livekit.dispatch_error = LiveKitUnavailable("unauthenticated (401)", code=UNAUTHENTICATED)
    dialer.calls.create(make_call())
    assert await dialer.run().serve(WAKE) is StopReason.REFUSED
    dialer.livekit.dispatch_error = None
    dialer.wakeups.sent.clear()


def pause_of(dialer: DialerHarness) -> str | None:
    state = dialer.trunks.state(TRUNK.id)
    assert state is not None
    return state.paused_because(dialer.clock.wall_ms())


async def test_new_credentials_let_a_refused_trunk_dial_at_once(dialer: DialerHarness) -> None:
    own(dialer)
    await refuse(dialer)
    assert pause_of(dialer) == REFUSED
    put_project(dialer)
    assert (pause_of(dialer), dialer.wakeups.sent) == (None, [WAKE])
    assert "livekit_changed" in [event.reason for event in dialer.trunks.events(TRUNK.id)]
    await dialer.run("run-2").serve(WAKE)
    assert dialer.states(range(1, 2)) == [State.ACTIVE]


@pytest.mark.parametrize("owner", [None, "tenant-2"], ids=["the deployment's", "another tenant's"])
async def test_a_refused_trunk_of_another_project_stays_paused(
    dialer: DialerHarness, owner: str | None
) -> None:
    own(dialer, owner)
    await refuse(dialer)
    put_project(dialer)
    assert (pause_of(dialer), dialer.wakeups.sent) == (REFUSED, [])


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"operator_paused": True}, "paused_by_operator"),
        ({"paused": True}, "paused_by_request"),
    ],
)
async def test_pauses_by_people_outlast_the_refusal(
    dialer: DialerHarness, settings: dict[str, bool], reason: str
) -> None:
    own(dialer)
    await refuse(dialer)
    dialer.trunks.set(TRUNK.id, settings, None)
    put_project(dialer)
    assert pause_of(dialer) == reason
    state = dialer.trunks.state(TRUNK.id)
    assert state is not None
    assert state.breaker is None


async def test_a_failing_carrier_stays_paused_and_tells_of_no_resume(dialer: DialerHarness) -> None:
    own(dialer)
    dialer.trunks.open_breaker(TRUNK.id, FAILING)
    put_project(dialer)
    assert pause_of(dialer) == FAILING.reason
    assert [event.type for event in dialer.trunks.events(TRUNK.id)] == ["trunk.paused"]


async def test_a_trunk_that_waited_for_its_project_is_woken(dialer: DialerHarness) -> None:
    own(dialer)
    put_project(dialer)
    assert dialer.wakeups.sent == [WAKE]


async def test_forgotten_credentials_of_the_deployment_are_read_again(dialer: DialerHarness) -> None:
    secrets = Secrets('{"url": "wss://d.test", "api_key": "k", "api_secret": "s"}')
    secret = LiveKitSecret(cast("Any", secrets), "arn", dialer.clock)
    registry = ProjectRegistry(dialer.table, secret, cast("Any", None), dialer.clock)
    assert registry.for_trunk(TRUNK) == LiveKitCredentials("wss://d.test", "k", "s")
    registry.for_trunk(TRUNK)
    assert secrets.reads == 1
    registry.forget(None)
    registry.for_trunk(TRUNK)
    assert secrets.reads == 2
