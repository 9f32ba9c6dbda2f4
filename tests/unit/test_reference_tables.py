"""Reference tables of the documentation name what the code has."""

from __future__ import annotations

import re

from tests.support.pages import CODE, ROOT, first_cells
from trunkline.auth.scopes import Scope
from trunkline.calls.calling_policy import RetryOn
from trunkline.calls.reasons import Reason
from trunkline.calls.states import State, status_detail, status_v1
from trunkline.calls.test_numbers import TEST_NUMBERS
from trunkline.calls.value_objects import WaitsFor
from trunkline.core import errors
from trunkline.http_api.error_mapping import STATUS
from trunkline.livekit.sip_statuses import PACE_CODES, SIP_STATUSES
from trunkline.tool_runtime.errors import FailureType
from trunkline.webhooks.events import EventType
from trunkline.webhooks.retry_policy import SCHEDULE_S


def test_the_statuses_page_has_both_words_of_each_state() -> None:
    rows = re.findall(r"^\| `(\w+)`[^|]*\| `(\w+)`[^|]*\| `(\w+)` \|", _statuses(), re.MULTILINE)
    assert set(rows) == {(state.value, status_v1(state), status_detail(state)) for state in State}


def test_the_statuses_page_has_each_reason_queue_state_and_redial_word() -> None:
    cells = first_cells("statuses.md")
    assert {*Reason, *WaitsFor, *RetryOn} <= cells


def test_the_statuses_page_has_each_sip_code_of_the_dial_result_table() -> None:
    reasons, _, redials = _statuses().partition("## Attempts and redials")
    rows = dict(re.findall(r"^\| `(\w+)` \| (.+) \|$", reasons, re.MULTILINE))
    for status in SIP_STATUSES:
        assert str(status.code) in rows[status.reason], status.code
    too_fast = re.search(r"^Trunkline reads SIP (.+) as \"too fast\"", redials, re.MULTILINE)
    assert too_fast
    assert set(re.findall(r"\d{3}", too_fast[1])) == {str(code) for code in PACE_CODES}


def _statuses() -> str:
    return (ROOT / "docs/statuses.md").read_text()


def test_the_webhooks_page_has_each_event_and_the_retry_schedule() -> None:
    assert set(EventType) <= first_cells("webhooks.md")
    text = (ROOT / "docs/webhooks.md").read_text()
    waits = re.search(r"^\| Wait \| none \|(.+)\|$", text, re.MULTILINE)
    assert waits
    units = {"s": 1, "min": 60, "h": 3600}
    shown = [wait.split() for wait in waits[1].split("|")]
    assert tuple(int(number) * units[unit] for number, unit in shown) == SCHEDULE_S[1:]


def test_the_test_mode_page_has_each_test_number() -> None:
    shown = {cell for cell in first_cells("test-mode.md") if cell.startswith("+1555")}
    assert shown == set(TEST_NUMBERS)


def test_the_access_page_has_each_scope() -> None:
    assert set(Scope) <= first_cells("access.md")


def test_the_tools_page_has_each_failure() -> None:
    assert set(FailureType) <= first_cells("tools.md")


def test_the_errors_page_has_each_error_with_its_status() -> None:
    text = (ROOT / "docs/errors.md").read_text()
    rows = re.findall(r"^\| (\d{3}) \| ([^|]+) \|", text, re.MULTILINE)
    shown = {(int(status), name) for status, names in rows for name in CODE.findall(names)}
    shown.discard((500, errors.TrunklineError.type))
    assert shown == {(status, error.type) for error, status in STATUS.items()}


def test_the_errors_page_says_what_each_error_means_and_what_to_do() -> None:
    text = (ROOT / "docs/errors.md").read_text()
    rows = re.findall(r"^\| \d{3} \|.*$", text, re.MULTILINE)
    cells = [[cell.strip() for cell in row.strip("|").split(" | ")] for row in rows]
    assert len(rows) == len(STATUS) + 1, "one row for each type, and one for what nobody foresaw"
    assert [row for row in cells if len(row) != 4 or not all(row)] == []
