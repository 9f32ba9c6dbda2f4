"""Results of checks: their statuses, the report's JSON and the exit code. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

SCHEMA_VERSION = 1
"""Version of the JSON report. A new field keeps it; a changed or removed one raises it."""


class Status(StrEnum):
    """What a check found; the order is from good to bad."""

    OK = "ok"
    SKIPPED = "skipped"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True)
class Result:
    """What a check found, in one sentence, and what to do about it in another; `fix` is empty if nothing."""

    status: Status
    found: str
    fix: str = ""


@dataclass(frozen=True)
class CheckReport:
    """The result of a check with its name, which stays the same from version to version."""

    name: str
    status: Status
    found: str
    fix: str


def ok(found: str) -> Result:
    """Return the result of a check that found all well."""
    return Result(Status.OK, found)


def warn(found: str, fix: str) -> Result:
    """Return the result of a check that found something to look after; calls still work."""
    return Result(Status.WARN, found, fix)


def fail(found: str, fix: str) -> Result:
    """Return the result of a check that found something broken."""
    return Result(Status.FAIL, found, fix)


def skipped(found: str, fix: str = "") -> Result:
    """Return the result of a check that could not, or need not, be made."""
    return Result(Status.SKIPPED, found, fix)


def overall(reports: Sequence[CheckReport]) -> Status:
    """Return the worst status; a skipped check alone makes nothing worse than ok."""
    order = list(Status)
    worst = max((report.status for report in reports), key=order.index, default=Status.OK)
    return Status.OK if worst is Status.SKIPPED else worst


def exit_code(reports: Sequence[CheckReport]) -> int:
    """Return 1 if a check failed, else 0."""
    return int(overall(reports) is Status.FAIL)


def as_json(stage: str, reports: Sequence[CheckReport]) -> dict[str, Any]:
    """Return the report as JSON (`docs/doctor.md`)."""
    return {
        "schema_version": SCHEMA_VERSION,
        "stage": stage,
        "status": overall(reports).value,
        "checks": [asdict(report) for report in reports],
    }
