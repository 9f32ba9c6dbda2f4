"""`make chaos SEED=1 MINUTES=5`: runs faults together and at random, and says which invariants held."""

from __future__ import annotations

import argparse
import json
import signal
import sys
import time
from dataclasses import asdict

from local.config import ROOT
from tests.chaos.plan import make_plan
from tests.chaos.run import RunResult, run_plan
from tests.faults.history import recorded_failed


def main() -> int:
    """Run one plan; 0 if every invariant held."""
    parser = argparse.ArgumentParser(prog="make chaos")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=5)
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    begun_s = time.monotonic()

    def report(text: str) -> None:
        print(f"{time.monotonic() - begun_s:6.1f} s  {text}", flush=True)  # noqa: T201

    plan = make_plan(options.seed, options.minutes)
    report(f"Seed {plan.seed}: {len(plan.actions)} requests, {len(plan.faults)} faults")
    result = run_plan(plan, report)
    file = ROOT / ".local" / f"chaos-{plan.seed}" / "report.json"
    file.write_text(as_json(result))
    print(summary(result), f"\nReport: {file}")  # noqa: T201
    return 0 if result.is_green else 1


def as_json(result: RunResult) -> str:
    """Return the whole run: plan, what was injected, the history, and what each check found."""
    return json.dumps(asdict(result), indent=2, default=_listed)


def _listed(value: object) -> object:
    return sorted(value) if isinstance(value, frozenset) else str(value)


def summary(result: RunResult) -> str:
    """Return the report in words: what was injected, what was counted, which invariants held."""
    history, plan = result.history, result.plan
    packets = sum(len(times) for times in history.packets_s.values())
    settled = "not" if result.settled_after_s is None else f"after {result.settled_after_s} s"
    lines = ["", "Injected:", *(f"  {line}" for line in result.injected)]
    lines += ["Requests to AWS that failed or were repeated:"]
    lines += [f"  {count:5}  {name}" for name, count in result.failed_requests.items()]
    lines += ["Answers of the API:", *(f"  {count:5}  {name}" for name, count in result.answers.items())]
    lines += [
        f"Calls: {len(history.calls)}, accepted with an answer: {len(history.accepted)}, "
        f"INVITEs: {len(history.invites)}, INVITE packets: {packets}, "
        f"events received: {len(history.told)}, deliveries recorded as failed: "
        f"{len(recorded_failed(history))}, looks at LiveKit: {result.looks_at_livekit}. Settled: {settled}",
    ]
    for name, found in result.violations.items():
        lines.append(f"{'✗' if found else '✓'} {name}")
        lines += [f"    {each}" for each in found[:20]]
    if not result.says_enough:
        lines.append("✗ too few calls were dialled to tell; run it on a machine with less other work")
    if not result.is_green:
        lines.append(f"Replay: make chaos SEED={plan.seed} MINUTES={plan.minutes:g}")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
