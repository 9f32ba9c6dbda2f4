"""One chaos run: it carries out a plan on a stack of its own, lets it settle, and checks the invariants."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import httpx

from benchmarks.packet_capture import InviteCapture
from local.config import for_tests
from local.intercepting_proxy import routed_through
from local.stack import Stack, local_stack
from tests.chaos.evidence import Evidence, LiveKitSampler
from tests.chaos.faulty_proxy import FaultyProxy
from tests.chaos.injector import Injector
from tests.chaos.plan import FUNCTIONS, Plan
from tests.chaos.tenants import World, make_world
from tests.chaos.traffic import Traffic
from tests.faults.history import History, violations

SETTLES_WITHIN_S = 540
"""A call waits for three minutes at most, and a lost dial is looked up after 70 s by the reconciler's next
pass."""

MIN_DIALLED_SHARE = 0.2
_LOOK_INTERVAL_S = 5
_USERS = 2
_REQUESTS_AT_ONCE, _FAULTS_AT_ONCE = 8, 4
_SKEWED_CLOCK = Path(__file__).parent / "skewed_clock"
Report = Callable[[str], None]


@dataclass(frozen=True)
class RunResult:
    """What a run did and found; `violations` is empty for each invariant that holds."""

    plan: Plan
    injected: list[str]
    failed_requests: dict[str, int]
    answers: dict[str, int]
    history: History
    violations: dict[str, list[str]]
    settled_after_s: float | None
    looks_at_livekit: int

    @property
    def is_green(self) -> bool:
        return not any(self.violations.values()) and self.says_enough

    @property
    def says_enough(self) -> bool:
        """Tell whether enough calls were dialled: on a machine that is too slow most expire undialled."""
        return len(self.history.invites) >= MIN_DIALLED_SHARE * max(1, len(self.history.calls))


def run_plan(plan: Plan, report: Report) -> RunResult:
    """Carry out a plan on a new stack.

    Raises:
        CannotStart: the stack cannot start.
    """
    config = for_tests(f"chaos-{plan.seed}", checks_iam=True, users=_USERS)
    since_ms = int(time.time() * 1000)
    with ExitStack() as resources:
        stack = resources.enter_context(local_stack(config, report))
        capture = resources.enter_context(InviteCapture(config.livekit_port))
        world = resources.enter_context(make_world(stack, config.folder, plan.seed))
        proxy = _start_proxy(resources, stack, world, plan)
        (config.folder / "plan.json").write_text(json.dumps(plan.as_json(), indent=2))
        sampler, traffic = LiveKitSampler(world), Traffic(world)
        watching = threading.Thread(target=sampler.run, daemon=True)
        watching.start()
        report("A first call of each tenant, without faults")
        traffic.warm_up()
        report(f"Calls and faults for {plan.minutes:g} min; clocks are wrong by up to {plan.skew_s} s")
        injected = _carry_out(plan, traffic, Injector(world, proxy))
        evidence = Evidence(world, traffic.ledger, sampler, capture, since_ms)
        report("Faults have stopped; the stack settles")
        settled_after_s = _settle(evidence, report)
        sampler.stop()
        watching.join()
        history = evidence.history(proxy.leaks)
        return RunResult(
            plan,
            injected,
            dict(proxy.injected.most_common()),
            dict(sorted(traffic.ledger.answers.items())),
            history,
            violations(history),
            settled_after_s,
            sampler.samples,
        )


def _start_proxy(resources: ExitStack, stack: Stack, world: World, plan: Plan) -> FaultyProxy:
    proxy = FaultyProxy(stack.config.emulator_url, plan.seed, list(world.canaries.values()))
    clock = {"PYTHONPATH": str(_SKEWED_CLOCK), "CHAOS_CLOCK_SKEW_S": str(plan.skew_s)}
    resources.enter_context(routed_through(stack, proxy, FUNCTIONS, clock))
    return proxy


def _carry_out(plan: Plan, traffic: Traffic, injector: Injector) -> list[str]:
    """Do at its time what the plan says, then end all faults.

    Requests of a slow stack must not hold up the faults: each has threads of its own. A request that has not
    begun when the time is over is not sent.
    """
    requests, faults = ThreadPoolExecutor(_REQUESTS_AT_ONCE), ThreadPoolExecutor(_FAULTS_AT_ONCE)
    jobs: list[tuple[float, Callable[[], Future[None]]]] = [
        *((action.at_s, partial(requests.submit, traffic.act, action)) for action in plan.actions),
        *((fault.at_s, partial(faults.submit, injector.inject, fault)) for fault in plan.faults),
    ]
    begun_s = time.monotonic()
    for at_s, submit in sorted(jobs, key=lambda job: job[0]):
        time.sleep(max(0.0, begun_s + at_s - time.monotonic()))
        submit()
    time.sleep(max(0.0, begun_s + plan.minutes * 60 - time.monotonic()))
    faults.shutdown(cancel_futures=True)
    injector.stop()
    requests.shutdown(cancel_futures=True)
    traffic.finish()
    return injector.done


def _settle(evidence: Evidence, report: Report) -> float | None:
    """Wait until everything has ended; return how long it took, or None if it has not."""
    begun_s, left = time.monotonic(), ["unknown"]
    while time.monotonic() - begun_s < SETTLES_WITHIN_S:
        try:
            left = evidence.unsettled()
        except (httpx.HTTPError, AssertionError) as error:
            report(f"The API does not answer yet: {error!r}"[:200])
        if not left:
            return round(time.monotonic() - begun_s, 1)
        time.sleep(_LOOK_INTERVAL_S)
    report(f"Not settled: {left[:20]}")
    return None
