"""What a failing test shows of its calls and of the functions that had to do with them."""

from __future__ import annotations

from collections.abc import Generator

import pytest

from tests.stack.failures import pytest_runtest_makereport
from tests.support.failure_report import MAX_LINE_LENGTH, MAX_LOG_LINES, failure_sections, relevant
from tests.support.function_logs import LogLine
from tests.support.polling import poll
from tests.support.tenant import Tenant


def report_of(item: pytest.Item, outcome: str) -> pytest.TestReport:
    """The report of this test as the hook leaves it, had it ended like that."""
    report = pytest.TestReport(item.nodeid, item.location, {}, outcome, None, "call")  # type: ignore[arg-type]
    hook: Generator[None, pytest.TestReport, pytest.TestReport] = pytest_runtest_makereport(item)
    next(hook)
    with pytest.raises(StopIteration) as done:
        hook.send(report)
    left: pytest.TestReport = done.value.value
    return left


def test_the_timeline_of_its_calls_and_the_log_lines_about_them(
    request: pytest.FixtureRequest, tenant: Tenant, test_mode: Tenant
) -> None:
    live, simulated = tenant.placed("+15550100002"), test_mode.placed("+15550100005", testSpeed=100)
    tenant.wait_for_end(live)
    test_mode.wait_for_end(simulated)
    poll(
        lambda: dict(failure_sections(request.node)),
        lambda found: live in found["log lines of the functions"],
    )
    report = report_of(request.node, "failed")
    sections = dict(report.sections)
    calls = sections[f"calls of tenant {tenant.id}"]
    for call_id, reason in ((live, "dial_busy"), (simulated, "user_declined")):
        assert f"call {call_id}: failed ({reason})" in calls
    story = calls.partition(f"call {live}")[2].partition("\ncall ")[0]
    assert [line.split()[1] for line in story.splitlines()[1:]] == ["queued", "connecting", "failed"]
    assert "dialer: " in sections["log lines of the functions"]
    assert dict(report_of(request.node, "passed").sections) == {}


def test_a_stack_that_is_down_does_not_hide_why_a_test_failed(
    request: pytest.FixtureRequest, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tenant, "stack", None)
    report = report_of(request.node, "failed")
    assert report.failed
    assert "could not be read" in dict(report.sections)["calls and logs"]


def test_log_lines_are_those_that_matter_and_bounded() -> None:
    lines = [
        LogLine(n, "api", f"line {n} of call-1 " + "x" * 2 * MAX_LINE_LENGTH)
        for n in range(MAX_LOG_LINES + 5)
    ]
    lines += [LogLine(900, "api", "of call-2"), LogLine(901, "dialer", '{"level":"ERROR","of":"call-3"}')]
    shown = relevant(lines, ["call-1"]).splitlines()
    assert shown[0] == "… 6 earlier lines are left out"
    assert len(shown) == MAX_LOG_LINES + 1
    assert shown[-1] == 'dialer: {"level":"ERROR","of":"call-3"}'
    assert not [line for line in shown if "call-2" in line]
    assert max(map(len, shown)) < MAX_LINE_LENGTH + 20


def test_a_long_line_shows_the_end_of_its_traceback() -> None:
    text = '{"level":"ERROR","exception":"' + "x" * 2 * MAX_LINE_LENGTH + 'ReadTimeoutError"}'
    shown = relevant([LogLine(1, "api", text)], [])
    assert shown.startswith('api: {"level":"ERROR"')
    assert shown.endswith('ReadTimeoutError"}')
