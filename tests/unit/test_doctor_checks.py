"""What the doctor decides, and that no check hides another or shows a secret."""

from __future__ import annotations

import json
from threading import Event

import httpx
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, NoCredentialsError, NoRegionError
from trunkline_cli.doctor import account_checks, livekit_checks, stack_checks
from trunkline_cli.doctor.livekit_checks import TrunksRead
from trunkline_cli.doctor.report import (
    CheckReport,
    Result,
    Status,
    as_json,
    exit_code,
    fail,
    ok,
    overall,
    skipped,
    warn,
)
from trunkline_cli.doctor.runner import Check, Prerequisite, run_checks

from infrastructure.preflight import Finding, Level
from trunkline.core.errors import NotFound

SECRET = "very-secret-value"
URL = "https://api.example.com"


def _finding(level: Level) -> Finding:
    return Finding(level, "Lambda: 10.", ask_for=1_000, link="https://console.test/L-1")


@pytest.mark.parametrize(
    ("result", "status"),
    [
        (account_checks.credentials_found("1", "arn:x"), Status.OK),
        (account_checks.region_found("eu-central-1", []), Status.OK),
        (account_checks.region_found("eu-central-1", ["scheduler"]), Status.WARN),
        (account_checks.clock_found(9.9, "AWS"), Status.OK),
        (account_checks.clock_found(-10, "AWS"), Status.WARN),
        (account_checks.clock_found(299, "AWS"), Status.WARN),
        (account_checks.clock_found(-300, "AWS"), Status.FAIL),
        (account_checks.quotas_found([_finding(Level.OK)]), Status.OK),
        (account_checks.quotas_found([_finding(Level.UNKNOWN)]), Status.OK),
        (account_checks.quotas_found([_finding(Level.OK), _finding(Level.ASK)]), Status.WARN),
        (account_checks.quotas_found([_finding(Level.ASK), _finding(Level.BLOCKED)]), Status.FAIL),
        (account_checks.versions_found("1.0", "1.0"), Status.OK),
        (account_checks.versions_found("1.1", "1.0"), Status.WARN),
        (account_checks.versions_found("1.1", None), Status.WARN),
        (stack_checks.stack_found("s", "UPDATE_COMPLETE"), Status.OK),
        (stack_checks.stack_found("s", "UPDATE_ROLLBACK_COMPLETE"), Status.WARN),
        (stack_checks.stack_found("s", "UPDATE_IN_PROGRESS"), Status.WARN),
        (stack_checks.stack_found("s", "UPDATE_ROLLBACK_FAILED"), Status.FAIL),
        (stack_checks.stack_found("s", "ROLLBACK_COMPLETE"), Status.FAIL),
        (stack_checks.drift_found("IN_SYNC", []), Status.OK),
        (stack_checks.drift_found("DRIFTED", ["Table"]), Status.WARN),
        (stack_checks.drift_found("NOT_CHECKED", []), Status.SKIPPED),
        (stack_checks.keys_found({"k": "Enabled"}), Status.OK),
        (stack_checks.keys_found({"k": "Enabled", "l": "PendingDeletion"}), Status.FAIL),
        (stack_checks.keys_found({}), Status.FAIL),
        (stack_checks.dead_letters_found({"DeadLettersUrl": 0}), Status.OK),
        (stack_checks.dead_letters_found({"DeadLettersUrl": 0, "BusDeadLettersUrl": 1}), Status.FAIL),
        (stack_checks.alarms_found([], [], 50), Status.OK),
        (stack_checks.alarms_found(["TableErrors"], [], 50), Status.FAIL),
        (stack_checks.alarms_found([], ["TableErrors"], 50), Status.WARN),
        (stack_checks.alarms_found([], [], 0), Status.WARN),
        (stack_checks.subscribers_found(1, 1), Status.OK),
        (stack_checks.subscribers_found(0, 1), Status.WARN),
        (stack_checks.subscribers_found(0, 0), Status.WARN),
        (stack_checks.api_found(401, URL), Status.OK),
        (stack_checks.api_found(503, URL), Status.FAIL),
        (livekit_checks.secret_found("acme.livekit.cloud"), Status.OK),
        (livekit_checks.no_project(), Status.FAIL),
        (livekit_checks.login_found("acme", refused=False, answered=True), Status.OK),
        (livekit_checks.login_found("acme", refused=True, answered=False), Status.FAIL),
        (livekit_checks.login_found("acme", refused=False, answered=False), Status.FAIL),
        (livekit_checks.trunks_found(TrunksRead(["a"])), Status.OK),
        (livekit_checks.trunks_found(TrunksRead(["a"], ["b"], ["c"])), Status.FAIL),
        (livekit_checks.trunks_found(TrunksRead(["a"], [], ["c"])), Status.WARN),
        (livekit_checks.trunks_found(TrunksRead()), Status.SKIPPED),
        (livekit_checks.webhook_found(200, URL), Status.OK),
        (livekit_checks.webhook_found(401, URL), Status.FAIL),
        (livekit_checks.webhook_found(500, URL), Status.FAIL),
        (livekit_checks.arrivals_found(7_200, URL), Status.OK),
        (livekit_checks.arrivals_found(None, URL), Status.WARN),
        (account_checks.not_on_the_emulator("alarms"), Status.SKIPPED),
    ],
)
def test_each_finding_has_its_status_and_what_is_not_well_says_what_to_fix(
    result: Result, status: Status
) -> None:
    assert result.status is status
    assert result.found.endswith(".")
    assert "\n" not in result.found + result.fix
    if status in (Status.WARN, Status.FAIL):
        assert result.fix.endswith(".")


@pytest.mark.parametrize(
    ("result", "words"),
    [
        (stack_checks.keys_found({"key-1": "Disabled"}), "key-1 is Disabled"),
        (stack_checks.dead_letters_found({"BusDeadLettersUrl": 3}), "BusDeadLetters has 3"),
        (stack_checks.alarms_found([f"A{n}" for n in range(7)], [], 9), "7 of 9 alarms are on: A0, A1"),
        (stack_checks.alarms_found([f"A{n}" for n in range(7)], [], 9), "and 2 more"),
        (stack_checks.drift_found("DRIFTED", ["Table"]), "Table"),
        (livekit_checks.trunks_found(TrunksRead([], ["main (ST_1)"])), "main (ST_1)"),
        (livekit_checks.arrivals_found(7_200, URL), "within the last 2 h"),
        (account_checks.clock_found(-20, "AWS"), "20 s behind AWS"),
        (account_checks.clock_found(20, "AWS"), "20 s ahead of AWS"),
    ],
)
def test_a_finding_names_what_it_is_about(result: Result, words: str) -> None:
    assert words in result.found


def test_quotas_say_how_much_to_ask_for_and_where() -> None:
    assert "1000 at https://console.test/L-1" in account_checks.quotas_found([_finding(Level.ASK)]).fix


def _raises(error: Exception) -> Check:
    def run() -> Result:
        raise error

    return Check("broken", run)


def test_a_check_that_fails_hides_no_other_and_the_order_stays() -> None:
    reports = run_checks([Check("first", lambda: ok("Good.")), _raises(KeyError("x")), Check("last", _fine)])
    assert [(each.name, each.status) for each in reports] == [
        ("first", Status.OK),
        ("broken", Status.FAIL),
        ("last", Status.OK),
    ]


def _fine() -> Result:
    return ok("Good.")


def test_a_check_that_hangs_has_failed_and_holds_up_no_other() -> None:
    forever = Event()

    def hang() -> Result:
        forever.wait()
        return ok("Late.")

    reports = run_checks([Check("slow", hang, timeout_s=0.05), Check("fast", _fine)])
    forever.set()
    assert [each.status for each in reports] == [Status.FAIL, Status.OK]
    assert "longer than 0.05 s" in reports[0].found


def test_checks_run_at_the_same_time() -> None:
    """Each of two waits for the other."""
    first, second = Event(), Event()

    def wait(own: Event, other: Event) -> Result:
        own.set()
        return ok("Met.") if other.wait(10) else fail("Alone.", "Run both.")

    checks = [Check("a", lambda: wait(first, second)), Check("b", lambda: wait(second, first))]
    assert {each.found for each in run_checks(checks)} == {"Met."}


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (NoCredentialsError(), "There are no AWS credentials"),
        (NoRegionError(), "No AWS region is set"),
        (EndpointConnectionError(endpoint_url="https://x.test"), "AWS did not answer"),
        (ClientError({"Error": {"Code": "AccessDenied", "Message": SECRET}}, "DescribeKey"), "AccessDenied"),
        (httpx.ConnectError(SECRET), "There was no answer: ConnectError"),
        (NotFound("stack x not found"), "stack x not found"),
        (ValueError(SECRET), "ValueError"),
    ],
)
def test_whatever_goes_wrong_is_said_in_a_sentence_without_a_secret(error: Exception, words: str) -> None:
    (report,) = run_checks([_raises(error)])
    assert report.status is Status.FAIL
    assert words in report.found
    assert report.fix
    assert SECRET not in report.found + report.fix


def test_what_several_checks_need_is_read_once_and_its_failure_told_once() -> None:
    reads: list[int] = []

    def read() -> int:
        reads.append(1)
        raise NoRegionError

    stack: Prerequisite[int] = Prerequisite("the stack", read)
    checks = [Check("stack", lambda: ok(f"{stack.get()}."))]
    checks += [Check(name, lambda: ok(f"{stack.require()}.")) for name in ("keys", "alarms")]
    statuses = {each.name: (each.status, each.found) for each in run_checks(checks)}
    assert len(reads) == 1
    assert statuses["stack"][0] is Status.FAIL
    skip = (Status.SKIPPED, "It needs the stack, which could not be read.")
    assert statuses["keys"] == statuses["alarms"] == skip


@pytest.mark.parametrize(
    ("results", "status", "code"),
    [
        ([ok("a.")], Status.OK, 0),
        ([ok("a."), skipped("b.")], Status.OK, 0),
        ([ok("a."), warn("b.", "c."), skipped("d.")], Status.WARN, 0),
        ([fail("a.", "b."), warn("c.", "d.")], Status.FAIL, 1),
        ([], Status.OK, 0),
    ],
)
def test_the_worst_status_decides_and_failures_alone_set_the_exit_code(
    results: list[Result], status: Status, code: int
) -> None:
    reports = [CheckReport("x", each.status, each.found, each.fix) for each in results]
    assert overall(reports) is status
    assert exit_code(reports) == code


def test_the_json_report_keeps_its_schema() -> None:
    report = as_json("prod", [CheckReport("stack", Status.WARN, "It waits.", "Wait.")])
    assert json.loads(json.dumps(report)) == {
        "schema_version": 1,
        "stage": "prod",
        "status": "warn",
        "checks": [{"name": "stack", "status": "warn", "found": "It waits.", "fix": "Wait."}],
    }
