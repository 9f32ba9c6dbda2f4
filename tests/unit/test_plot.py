"""The plot shows every burst, however short."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from benchmarks.plot import per_sliding_second, plot

EVEN = [number / 20 for number in range(100)]
BURSTS = [second + number / 1000 for second in range(5) for number in range(20)]


def test_a_burst_between_two_steps_is_seen() -> None:
    late_then_early = [0.98 + number / 10_000 for number in range(20)] + [
        1.01 + number / 10_000 for number in range(20)
    ]
    assert max(count for _, count in per_sliding_second(late_then_early)) == 40
    assert max(count for _, count in per_sliding_second(EVEN)) <= 21


def test_the_plot_is_an_svg_with_a_line_for_each() -> None:
    drawn = ET.fromstring(plot(20, {"ours": EVEN, "theirs": BURSTS}))  # noqa: S314 - our own words
    lines = drawn.findall("{http://www.w3.org/2000/svg}polyline")
    assert len(lines) == 2
