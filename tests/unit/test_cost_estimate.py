"""The cost calculator: hand-computed cases, and how the bill follows the traffic."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from trunkline_cli.cost import prices, usage
from trunkline_cli.cost.estimate import Traffic, bill, idle_bill, run_seconds, total_usd
from trunkline_cli.cost.shapes import table
from trunkline_cli.main import app
from typer.testing import CliRunner

TRAFFICS = st.builds(
    Traffic,
    calls=st.floats(1, 1e8),
    cps=st.floats(0.1, 100),
    ring_s=st.floats(0, 80),
    talk_s=st.floats(0, 3600),
    answered=st.floats(0, 1),
    webhook_events=st.floats(0, 10),
)


def test_a_call_alone_on_its_trunk_keeps_a_function_for_all_its_ringing() -> None:
    traffic = Traffic(calls=1000, cps=0.0001, ring_s=15)
    assert run_seconds(traffic) == pytest.approx(1000 * (15 + usage.PREPARE_S), rel=0.01)


def test_calls_that_ring_together_share_a_run() -> None:
    day_s = 86_400
    traffic = Traffic(calls=20 * day_s, cps=20, ring_s=15)
    # A run claims until 400 dials are unanswered, at 20 CPS for 20 s, and rings out beside its successor.
    assert run_seconds(traffic) == pytest.approx(day_s * (1 + (15 + usage.PREPARE_S) / 20), rel=0.01)


def test_calls_of_one_second_share_the_count_of_its_starts() -> None:
    def counted(cps: float) -> float:
        lines = bill(Traffic(calls=1_000_000, cps=cps))
        return sum(line.quantity for line in lines if line.what == "counts for statistics, writes")

    assert counted(0.001) == pytest.approx(3_000_000, rel=0.01)
    assert counted(20) == pytest.approx(2_050_000, rel=0.01)


def test_a_million_deliveries_cost_their_state_transitions_and_little_more() -> None:
    lines = bill(Traffic(calls=1_000_000, cps=1, webhook_events=1))
    (transitions,) = (line for line in lines if line.service == "Step Functions")
    assert transitions.usd == usage.DELIVERY_TRANSITIONS * 25
    without = total_usd(bill(Traffic(calls=1_000_000, cps=1)))
    assert transitions.usd < total_usd(lines) - without < 1.2 * transitions.usd


def test_a_post_costs_its_request() -> None:
    (post,) = (line for line in bill(Traffic(calls=2_000_000, cps=1)) if line.what == "POST of a call")
    assert (post.usd, post.price) == (2.0, prices.HTTP_REQUEST)


@given(TRAFFICS)
def test_no_line_is_below_nothing(traffic: Traffic) -> None:
    assert all(line.usd >= 0 for line in bill(traffic))


@given(TRAFFICS, st.sampled_from(["calls", "ring_s", "talk_s", "answered", "webhook_events"]))
def test_more_of_anything_costs_no_less(traffic: Traffic, field: str) -> None:
    more = min(1.0, getattr(traffic, field) * 1.5) if field == "answered" else getattr(traffic, field) * 1.5
    assert total_usd(bill(replace(traffic, **{field: more}))) >= total_usd(bill(traffic)) * (1 - 1e-9)


@given(TRAFFICS)
def test_twice_the_calls_cost_twice_as_much_but_for_the_metrics(traffic: Traffic) -> None:
    fixed_usd = prices.METRIC.of(usage.TRUNK_METRICS)
    once, twice = (total_usd(bill(replace(traffic, calls=traffic.calls * n))) - fixed_usd for n in (1, 2))
    assert twice == pytest.approx(2 * once, rel=0.01, abs=0.01)


@pytest.mark.parametrize("wrong", [{"cps": 0}, {"calls": -1}, {"answered": 1.1}, {"ring_s": -1}])
def test_traffic_that_is_none_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="cps must be above 0"):
        Traffic(**{"calls": 1, "cps": 1, **wrong})


def test_the_command_prints_each_line_and_json() -> None:
    runner, args = CliRunner(), ["cost", "--calls", "1000000", "--webhook-events", "3"]
    assert (
        f"{total_usd(idle_bill()):.2f} $ a month for the stage without a call"
        in runner.invoke(app, args).output
    )
    document = json.loads(runner.invoke(app, [*args, "--json"]).output)
    traffic = Traffic(calls=1_000_000, cps=1, webhook_events=3)
    assert document["calls_usd"] == round(total_usd(bill(traffic)), 2)
    assert len(document["lines"]) == len(bill(traffic))


def test_the_command_refuses_what_is_no_traffic() -> None:
    result = CliRunner().invoke(app, ["cost", "--cps", "0"])
    assert result.exit_code == 2
    assert "cps must be above 0" in result.output


def test_the_page_shows_what_the_calculator_says() -> None:
    page = (Path(__file__).parents[2] / "docs" / "cost.md").read_text()
    assert table() in page
    assert f"{total_usd(idle_bill()):.0f} $ a month" in page
