"""`python -m docs_site.pictures`: writes the pictures of the concepts into `docs/pictures/`.

They are SVG with the colours of a page: in the site its own, elsewhere those of the reader's system.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from trunkline.calls.states import TERMINAL, State, may_follow

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "pictures"

_STYLE = (
    "<style>svg{--ink:#1f2328;--faint:#59636e;--box:#f2f4f8;--accent:#3f51b5}"
    "@media(prefers-color-scheme:dark){svg{--ink:#e6e6ea;--faint:#a7adb8;--box:#2a2f3a;--accent:#9fa8ff}}</style>"
)
_ARROW = (
    '<defs><marker id="{name}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" '
    'orient="auto-start-reverse"><path d="M0 0L8 4L0 8z" style="fill:var(--faint)"/></marker></defs>'
)
_LINE_PX = 17

Point = tuple[float, float]


@dataclass(frozen=True)
class Box:
    """A box around a centre, with a title and further lines. A `strong` one has the accent's border."""

    x: float
    y: float
    title: str
    lines: Sequence[str] = ()
    width: float = 150
    strong: bool = False

    @property
    def height(self) -> float:
        return 28 + _LINE_PX * len(self.lines)

    def edge_towards(self, other: Point) -> Point:
        """Return where a line from the centre to another point leaves the box."""
        across, down = other[0] - self.x, other[1] - self.y
        scale = min(
            (self.width / 2) / abs(across) if across else float("inf"),
            (self.height / 2) / abs(down) if down else float("inf"),
        )
        return self.x + across * scale, self.y + down * scale

    def svg(self) -> str:
        left, top = self.x - self.width / 2, self.y - self.height / 2
        border = "var(--accent)" if self.strong else "var(--faint)"
        parts = [
            f'<rect x="{left:g}" y="{top:g}" width="{self.width:g}" height="{self.height:g}" rx="6" '
            f'style="fill:var(--box);stroke:{border}"/>',
            _text(self.x, top + 19, self.title, "font-weight:600"),
        ]
        parts += [
            _text(self.x, top + 19 + _LINE_PX * number, line, "fill:var(--faint);font-size:12px")
            for number, line in enumerate(self.lines, 1)
        ]
        return "".join(parts)


@dataclass(frozen=True)
class Arrow:
    """An arrow from one box to another; `bend` moves its middle, and `label_at` its label, in pixels."""

    start: Box
    end: Box
    label: str = ""
    label_at: Point = (0, 0)
    bend: float = 0
    dashed: bool = False

    def svg(self, marker: str) -> str:
        middle = self._middle()
        (x1, y1), (x2, y2) = self.start.edge_towards(middle), self.end.edge_towards(middle)
        dash = ";stroke-dasharray:4 4" if self.dashed else ""
        path = (
            f'<path d="M{x1:.1f} {y1:.1f}Q{middle[0]:.1f} {middle[1]:.1f} {x2:.1f} {y2:.1f}" '
            f'style="fill:none;stroke:var(--faint){dash}" marker-end="url(#{marker})"/>'
        )
        top_x = (x1 + 2 * middle[0] + x2) / 4 + self.label_at[0]
        top_y = (y1 + 2 * middle[1] + y2) / 4 + self.label_at[1]
        return path + (
            _text(top_x, top_y - 5, self.label, "fill:var(--faint);font-size:12px") if self.label else ""
        )

    def _middle(self) -> Point:
        across, down = self.end.x - self.start.x, self.end.y - self.start.y
        length = (across**2 + down**2) ** 0.5
        return (
            (self.start.x + self.end.x) / 2 - down / length * self.bend,
            (self.start.y + self.end.y) / 2 + across / length * self.bend,
        )


def _text(x: float, y: float, text: str, style: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="middle" style="{style}">{escape(text)}</text>'


def _picture(
    name: str, about: str, size: tuple[int, int], boxes: Iterable[Box], arrows: Iterable[Arrow]
) -> str:
    marker = f"arrow-{name}"
    drawn = [arrow.svg(marker) for arrow in arrows] + [box.svg() for box in boxes]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size[0]} {size[1]}" role="img" '
        f'aria-label="{escape(about)}" font-family="system-ui,sans-serif" '
        f'font-size="14" style="fill:var(--ink)">'
        f"{_STYLE}{_ARROW.format(name=marker)}\n" + "\n".join(drawn) + "\n</svg>\n"
    )


_STATE_BOXES = {
    State.SCHEDULED: Box(110, 90, "scheduled", ["waits for its time"]),
    State.PENDING: Box(110, 230, "pending", ["web: nobody has joined"], width=180),
    State.QUEUED: Box(320, 90, "queued", ["waits for its turn"]),
    State.CONNECTING: Box(520, 230, "connecting", ["it rings, or the", "agent is awaited"], strong=True),
    State.ACTIVE: Box(720, 90, "active", ["both are connected"], strong=True),
    State.COMPLETED: Box(940, 40, "completed", ["a normal end"]),
    State.DISCONNECTED: Box(940, 115, "disconnected", ["it broke off"]),
    State.FAILED: Box(940, 190, "failed", ["something prevented it"]),
    State.CANCELLED: Box(940, 265, "cancelled", ["by your request"]),
    State.TIMEOUT: Box(940, 340, "timeout", ["its time was over"]),
}
_WAITING = (State.SCHEDULED, State.PENDING, State.QUEUED)
_LABELS = {
    (State.CONNECTING, State.QUEUED): ("redial, or too fast", (-75, 22)),
    (State.ACTIVE, State.QUEUED): ("redial after voicemail", (0, 0)),
}
# In pixels: keeps arrows apart from each other, and from boxes that they do not lead to.
_BENDS = {
    (State.QUEUED, State.CONNECTING): -18,
    (State.CONNECTING, State.QUEUED): -18,
    (State.ACTIVE, State.CANCELLED): 75,
}


def call_life() -> str:
    """Draw a call's states: each arrow is a step of the state table; what waits ends from one box."""
    boxes = _STATE_BOXES
    waits = Box(320, 340, "while it waits", ["scheduled, pending or queued"], width=220)
    arrows = [
        Arrow(boxes[step[0]], boxes[step[1]], *_LABELS.get(step, ("", (0, 0))), bend=_BENDS.get(step, 0))
        for step in ((before, after) for before in boxes for after in boxes if may_follow(before, after))
        if not (step[0] in _WAITING and step[1] in TERMINAL)
    ]
    ends = sorted({each for before in _WAITING for each in TERMINAL if may_follow(before, each)})
    arrows += [Arrow(waits, boxes[end], dashed=True) for end in ends]
    return _picture(
        "life", "The states of a call and their order", (1030, 380), [*boxes.values(), waits], arrows
    )


def dial_queue() -> str:
    """Draw how calls get from their line to the phone at a trunk's pace."""
    line = Box(110, 90, "line of a trunk", ["priority, then direct", "before batch, then arrival"], width=190)
    claim = Box(330, 90, "claim", ["one dialer takes", "the first call"], width=140)
    agent = Box(520, 90, "agent joins", ["before the phone", "rings"], width=140)
    clock = Box(520, 230, "pacing clock", ["one start each 1/cps"], width=170, strong=True)
    intent = Box(710, 90, "intent", ["the point of", "no return"], width=130)
    invite = Box(900, 90, "INVITE", ["in exactly", "its slot"], width=130, strong=True)
    verdict = Box(900, 230, "the dial's result", ["answer or SIP code"], width=170)
    end = Box(710, 230, "the call goes on", ["or ends with a reason"], width=170)
    boxes = [line, claim, agent, clock, intent, invite, verdict, end]
    arrows = [
        Arrow(line, claim),
        Arrow(claim, agent),
        Arrow(agent, intent),
        Arrow(clock, intent, "a slot", label_at=(-24, 0)),
        Arrow(intent, invite),
        Arrow(invite, verdict),
        Arrow(verdict, end),
        Arrow(
            verdict,
            line,
            "busy, no answer or too fast: back to the line, later",
            bend=-330,
            dashed=True,
            label_at=(0, 26),
        ),
    ]
    return _picture("queue", "From the line to the phone", (1010, 360), boxes, arrows)


def parts() -> str:
    """Draw who does what: your systems, Trunkline in your AWS account, LiveKit and the carrier."""
    backend = Box(110, 60, "your backend", ["POST /calls/outbound"], width=180)
    endpoint = Box(110, 360, "your endpoint", ["verifies and counts"], width=180)
    api = Box(360, 60, "api", ["checks, stores, wakes"], width=180)
    table = Box(360, 210, "DynamoDB", ["call, line, events"], width=180)
    events = Box(360, 360, "event delivery", ["signed, retried for days"], width=180)
    dialer = Box(
        640, 60, "dialer", ["one lane for each trunk,", "at the trunk's pace"], width=190, strong=True
    )
    news = Box(640, 160, "livekit_webhook", ["who joined, who left"], width=190)
    reports = Box(640, 260, "agent_api", ["context, tools, transcript"], width=190)
    reconciler = Box(640, 360, "reconciler", ["repairs once a minute"], width=190)
    livekit = Box(900, 60, "LiveKit", ["rooms, SIP, agent jobs"], width=180)
    phone = Box(900, 160, "carrier and phone", width=180)
    agent = Box(900, 260, "your agent", ["a LiveKit worker"], width=180)
    boxes = [backend, endpoint, api, table, events, dialer, news, reports, reconciler, livekit, phone, agent]
    arrows = [
        Arrow(backend, api),
        Arrow(api, table),
        Arrow(api, dialer, "wake"),
        Arrow(dialer, table),
        Arrow(table, events),
        Arrow(events, endpoint, "webhooks"),
        Arrow(dialer, livekit, "INVITE"),
        Arrow(livekit, phone),
        Arrow(livekit, news, dashed=True),
        Arrow(news, table),
        Arrow(agent, reports),
        Arrow(reports, table),
        Arrow(reconciler, table),
    ]
    return _picture("parts", "Who does what", (1010, 410), boxes, arrows)


PICTURES = {"call-life.svg": call_life, "dial-queue.svg": dial_queue, "parts.svg": parts}


def main() -> None:
    """Write the pictures."""
    FOLDER.mkdir(exist_ok=True)
    for name, draw in PICTURES.items():
        (FOLDER / name).write_text(draw())


if __name__ == "__main__":
    main()
