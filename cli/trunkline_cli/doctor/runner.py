"""Runner of checks: all at once, each with a time-out, none of which hides another."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import dataclass
from threading import Lock, Thread
from typing import Generic, TypeVar

import httpx
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    CredentialRetrievalError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
)

from trunkline.core.errors import TrunklineError
from trunkline_cli.doctor.report import CheckReport, Result, fail, skipped

T = TypeVar("T")
DEFAULT_TIMEOUT_S = 30.0
_KNOWN: tuple[tuple[tuple[type[Exception], ...], str, str], ...] = (
    (
        (NoCredentialsError, PartialCredentialsError, CredentialRetrievalError),
        "There are no AWS credentials.",
        "Set AWS_PROFILE, or run `aws sso login`.",
    ),
    ((NoRegionError,), "No AWS region is set.", "Set AWS_DEFAULT_REGION to the region of the stack."),
    ((BotoCoreError,), "AWS did not answer: {}.", "Look at your network, region and proxy."),
    (
        (httpx.HTTPError, httpx.InvalidURL),
        "There was no answer: {}.",
        "Look at your network, and at the URL.",
    ),
)
"""Failures with what was found and what to fix, special ones first; `{}` is the type of the error."""


@dataclass(frozen=True)
class Check:
    """A check: it reads something and returns what it found; an exception is a result as well."""

    name: str
    run: Callable[[], Result]
    timeout_s: float = DEFAULT_TIMEOUT_S


class PrerequisiteFailed(Exception):
    """Something that a check needs could not be read; the check of that thing says why."""


class Prerequisite(Generic[T]):
    """Something that several checks need: read once, by whichever comes first."""

    def __init__(self, name: str, read: Callable[[], T]) -> None:
        self._name = name
        self._read = read
        self._lock = Lock()
        self._outcome: Future[T] | None = None

    def get(self) -> T:
        """Return it; raises what reading it raised."""
        with self._lock:
            if self._outcome is None:
                self._outcome = Future()
                _settle(self._outcome, self._read)
        return self._outcome.result()

    def require(self) -> T:
        """Return it, for a check of something else.

        Raises:
            PrerequisiteFailed: it could not be read.
        """
        try:
            return self.get()
        except Exception as error:
            raise PrerequisiteFailed(self._name) from error


def run_checks(checks: Iterable[Check]) -> list[CheckReport]:
    """Run the checks in parallel and return their reports in the order of the checks.

    A check that takes longer than its time-out has failed. Its thread is left behind: it ends with the
    process.
    """
    started_s = time.monotonic()
    running = [(check, _start(check)) for check in checks]
    return [_report(check, outcome, started_s) for check, outcome in running]


def _start(check: Check) -> Future[Result]:
    outcome: Future[Result] = Future()
    Thread(target=_settle, args=(outcome, check.run), name=check.name, daemon=True).start()
    return outcome


def _settle(outcome: Future[T], work: Callable[[], T]) -> None:
    try:
        outcome.set_result(work())
    except Exception as error:  # noqa: BLE001 - whatever it is, the other checks go on
        outcome.set_exception(error)


def _report(check: Check, outcome: Future[Result], started_s: float) -> CheckReport:
    left_s = max(0.0, started_s + check.timeout_s - time.monotonic())
    try:
        result = outcome.result(left_s)
    except TimeoutError:
        result = fail(f"It took longer than {check.timeout_s:g} s.", "Try again; look at your network.")
    except Exception as error:  # noqa: BLE001 - the failure is the result
        result = result_of_failure(error)
    return CheckReport(check.name, result.status, result.found, result.fix)


def result_of_failure(error: Exception) -> Result:
    """Return the result of a check that raised.

    An unexpected error is named by its type alone: its text could contain a secret.
    """
    if isinstance(error, PrerequisiteFailed):
        return skipped(f"It needs {error}, which could not be read.")
    if isinstance(error, ClientError):
        code = error.response.get("Error", {}).get("Code", "unknown")
        fix = f"Let your credentials do {error.operation_name}, or try again if AWS has trouble."
        return fail(f"AWS refused {error.operation_name}: {code}.", fix)
    if isinstance(error, TrunklineError):
        return fail(f"{error}.", "See `docs/doctor.md`.")
    for kinds, found, fix in _KNOWN:
        if isinstance(error, kinds):
            return fail(found.format(type(error).__name__), fix)
    return fail(f"The check failed: {type(error).__name__}.", "Report it: this is an error of the doctor.")
