"""A plot of the starts in any sliding second over time, as SVG."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence

_WIDTH, _HEIGHT, _LEFT, _TOP, _BOTTOM = 760, 320, 48, 36, 40
_STEP_S = 0.05
_COLOURS = ("#0b6e4f", "#c0392b", "#34495e")


def per_sliding_second(times_s: Sequence[float], step_s: float = _STEP_S) -> list[tuple[float, int]]:
    """Return the most starts in any second that ends within each step, by seconds since the first start."""
    first, last = times_s[0], times_s[-1]
    points = []
    for step in range(int((last - first) / step_s) + 2):
        begin, end = first + step * step_s, first + (step + 1) * step_s
        moments = [*times_s[bisect_left(times_s, begin) : bisect_left(times_s, end)], end]
        points.append((step * step_s, max(_starts_in_second_before(times_s, moment) for moment in moments)))
    return points


def _starts_in_second_before(times_s: Sequence[float], moment: float) -> int:
    return bisect_right(times_s, moment) - bisect_right(times_s, moment - 1)


def plot(cps: int, runs: Mapping[str, Sequence[float]]) -> str:
    """Draw the starts per sliding second of each run, with the budget as a dashed line."""
    lines = {name: per_sliding_second(times) for name, times in runs.items()}
    longest_s = max(points[-1][0] for points in lines.values())
    most = max(cps, *(count for points in lines.values() for _, count in points)) * 1.1

    def x(seconds: float) -> float:
        return _LEFT + seconds / longest_s * (_WIDTH - _LEFT - 16)

    def y(count: float) -> float:
        return _HEIGHT - _BOTTOM - count / most * (_HEIGHT - _BOTTOM - _TOP)

    drawn = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" font-family="sans-serif" '
        f'font-size="12"><rect width="{_WIDTH}" height="{_HEIGHT}" fill="#fff"/>',
        f'<text x="{_LEFT}" y="20" font-size="14">Starts in any sliding second, budget {cps}</text>',
        f'<line x1="{_LEFT}" x2="{_WIDTH - 16}" y1="{y(cps):.1f}" y2="{y(cps):.1f}" stroke="#888" '
        'stroke-dasharray="6 4"/>',
        f'<text x="8" y="{y(cps) + 4:.1f}">{cps}</text><text x="8" y="{y(0) + 4:.1f}">0</text>',
    ]
    drawn += [
        f'<text x="{x(seconds):.1f}" y="{_HEIGHT - 16}" text-anchor="middle">{seconds} s</text>'
        for seconds in range(0, int(longest_s) + 1, max(1, int(longest_s / 8)))
    ]
    for (name, points), colour, position in zip(lines.items(), _COLOURS, range(3), strict=False):
        path = " ".join(f"{x(seconds):.1f},{y(count):.1f}" for seconds, count in points)
        drawn.append(f'<polyline fill="none" stroke="{colour}" stroke-width="1.6" points="{path}"/>')
        drawn.append(f'<text x="{_WIDTH - 200 + 100 * position}" y="20" fill="{colour}">{name}</text>')
    return "\n".join(drawn) + "\n</svg>\n"
