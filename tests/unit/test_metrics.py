"""Metrics: the lines that CloudWatch reads, their dimensions, and the page that explains them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from trunkline.calls.event_metrics import measure_event
from trunkline.core import metrics
from trunkline.core.metrics import METRICS, MetricWriter, UndeclaredDimension
from trunkline.dial_queue.answer_gap import MIN_DIALS, NO_GAP, AnswerGap
from trunkline.dial_queue.pace_window import PaceWindow

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/metrics.md").read_text()
ROWS = [
    [cell.strip() for cell in row.strip("|").split("|")]
    for row in re.findall(r"^\| `[A-Z].*\|$", PAGE, re.MULTILINE)
]
CODE = {
    path: path.read_text()
    for folder in ("layers/trunkline/python/trunkline", "functions")
    for path in (ROOT / folder).rglob("*.py")
    if path.name != "metrics.py"
}


def written(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines() if '"_aws"' in line]


def sets_of(line: dict[str, Any]) -> list[list[str]]:
    (directive,) = line["_aws"]["CloudWatchMetrics"]
    return [sorted(names) for names in directive["Dimensions"]]


# The page


def test_the_page_and_the_code_name_the_same_metrics_with_their_units_and_dimensions() -> None:
    described = {row[0].strip("`"): (row[1], tuple(re.findall(r"`(\w+)`", row[2]))) for row in ROWS}
    assert described == {name: (metric.unit.value, metric.by) for name, metric in METRICS.items()}


@pytest.mark.parametrize("name", METRICS)
def test_each_metric_is_written_somewhere(name: str) -> None:
    constant = next(key for key, value in vars(metrics).items() if value is METRICS[name])
    used = [path for path, text in CODE.items() if re.search(rf"\b{constant}\b(?!.*import)", text)]
    assert used, f"nothing writes {name}"


def test_each_function_that_writes_metrics_is_one_of_those_that_the_page_names() -> None:
    services = {word for row in ROWS for word in re.findall(r"`(\w+)`", row[3])}
    pattern = r'(?:MetricWriter|ItemGuard)\("(\w+)"'
    writers = {name for text in CODE.values() for name in re.findall(pattern, text)}
    assert services - {"test_dialer"} == writers - {"test_dialer"}


# The writer


def test_counts_are_added_up_and_every_other_value_is_kept(capsys: pytest.CaptureFixture[str]) -> None:
    writer = MetricWriter("dialer")
    for value in (1, 5, 9):
        writer.add(metrics.LANE_HANDOVERS)
        writer.add(metrics.RING_TIME, value)
    writer.flush()
    (line,) = written(capsys)
    assert (line["LaneHandovers"], line["RingTime"], line["service"]) == ([3.0], [1.0, 5.0, 9.0], "dialer")
    assert sets_of(line) == [["service"]]


def test_nothing_is_written_twice_or_for_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    writer = MetricWriter("dialer")
    writer.flush()
    writer.add(metrics.LANE_HANDOVERS)
    writer.flush()
    writer.flush()
    assert len(written(capsys)) == 1


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    ("count", "sizes"), [(99, [99]), (100, [100]), (200, [100, 100]), (250, [100, 100, 50])]
)
def test_more_values_than_a_line_may_have_are_written_in_several(
    capsys: pytest.CaptureFixture[str], count: int, sizes: list[int]
) -> None:
    writer = MetricWriter("dialer")
    for value in range(count):
        writer.add(metrics.RING_TIME, value)
    writer.flush()
    lines = written(capsys)
    assert [len(line["RingTime"]) for line in lines] == sizes
    assert all(line["service"] == "dialer" for line in lines)


def test_a_value_counts_for_the_service_and_for_each_dimension(
    capsys: pytest.CaptureFixture[str],
) -> None:
    writer = MetricWriter("event_fanout")
    writer.add(metrics.CALLS_FAILED, reason="dial_busy", sip_status_code=486)
    writer.add(metrics.CALLS_FAILED, reason="expired", sip_status_code=None)
    writer.flush()
    busy, expired = written(capsys)
    assert sets_of(busy) == [["service"], ["reason", "service"], ["service", "sip_status_code"]]
    assert (busy["reason"], busy["sip_status_code"]) == ("dial_busy", "486")
    assert sets_of(expired) == [["service"], ["reason", "service"]]


def test_a_dimension_that_is_not_declared_is_refused() -> None:
    with pytest.raises(UndeclaredDimension, match="LaneHandovers by tenant_id"):
        MetricWriter("dialer").add(metrics.LANE_HANDOVERS, tenant_id="t-1")


@pytest.mark.parametrize(("setting", "counted"), [("on", True), ("off", False), ("", False)])
def test_trunks_are_counted_by_themselves_only_where_the_stage_says_so(
    setting: str, counted: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TRUNK_METRICS", setting)
    writer = MetricWriter("dialer")
    writer.add(metrics.DIAL_STARTS, trunk_id="trunk_1")
    writer.flush()
    (line,) = written(capsys)
    assert (["service", "trunk_id"] in sets_of(line), "trunk_1" in str(line)) == (counted, counted)


def test_each_stage_has_a_namespace_of_its_own(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "Trunkline/dev")
    writer = MetricWriter("dialer")
    writer.add(metrics.LANE_HANDOVERS)
    writer.flush()
    (line,) = written(capsys)
    assert line["_aws"]["CloudWatchMetrics"][0]["Namespace"] == "Trunkline/dev"


# Steps of calls


def step(kind: str, **values: Any) -> dict[str, Any]:
    return {"pk": "C#1", "type": kind, "sequence": 5, "livemode": True, "data_json": "{}"} | values


PAUSED = {"pk": "TRUNKLOG#t", "type": "trunk.paused", "reason": "carrier_failing: SIP 503"}
BUSY = json.dumps({"reason": "dial_busy", "sip_status_code": 486})


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        (step("queued", sequence=1), {"CallsAccepted": [1.0]}),
        (step("queued"), {}),
        (step("active"), {"CallsAnswered": [1.0]}),
        (step("completed", talk_s=61), {"CallsEnded": [1.0], "TalkTime": [61.0]}),
        (step("failed", data_json=BUSY), {"CallsEnded": [1.0], "CallsFailed": [1.0]}),
        (step("queued", sequence=1, livemode=False), {}),
        (PAUSED, {"TrunksPaused": [1.0]}),
        (PAUSED | {"type": "trunk.resumed"}, {}),
        (PAUSED | {"livemode": False}, {}),
    ],
)
def test_a_step_of_a_call_is_counted_as_what_it_is(
    item: dict[str, Any], expected: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    writer = MetricWriter("event_fanout")
    measure_event(item, writer)
    writer.flush()
    found = {name: line[name] for line in written(capsys) for name in METRICS if name in line}
    assert found == expected


def test_a_pause_is_counted_by_the_kind_of_its_reason(capsys: pytest.CaptureFixture[str]) -> None:
    writer = MetricWriter("event_fanout")
    measure_event(PAUSED, writer)
    writer.flush()
    assert written(capsys)[0]["reason"] == "carrier_failing"


# Pace and answers


def used(cps: float, seconds: int, starts: int, *, waiting: bool = True) -> float | None:
    window = PaceWindow()
    for second in range(seconds + 1):
        window.look(waiting=waiting, cps=cps, now_us=second * 1_000_000)
        if second < starts:
            window.start()
    return window.take_percent()


def test_the_pace_used_is_the_share_of_the_budget_while_calls_wait() -> None:
    assert used(1, 60, 58) == pytest.approx(96.7, abs=0.1)
    assert used(1, 60, 6) == pytest.approx(10)
    assert used(1, 60, 0) == 0


def test_a_trunk_on_which_nothing_waits_has_no_pace_to_lack() -> None:
    assert used(5, 60, 3, waiting=False) is None


def test_below_ten_starts_there_is_too_little_to_tell_and_the_window_goes_on() -> None:
    assert used(0.1, 60, 6) is None
    window = PaceWindow()
    for second in range(121):
        window.look(waiting=True, cps=0.1, now_us=second * 1_000_000)
        if second in (30, 60):
            assert window.take_percent() is None
        if second % 10 == 0 and second < 120:
            window.start()
    assert window.take_percent() == pytest.approx(100)
    assert window.take_percent() is None, "the next window is empty"


def test_the_answer_gap_begins_with_the_first_dial_that_nobody_answers() -> None:
    gap = NO_GAP
    for number in range(MIN_DIALS):
        assert gap.length_s(10_000_000) == 0
        gap = gap.widened(1_000 * number)
    assert gap.length_s(900_000) == 900
    assert AnswerGap.parse(gap.as_attributes()) == gap
    assert AnswerGap.parse({}) == NO_GAP
