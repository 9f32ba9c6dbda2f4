"""Walks over lanes with more calls than one invocation looks at: their parts are stored, then sent.

A lane is not walked anew before its walk is done, so that a slow LiveKit makes a walk longer and no call is
left out: the calls at its end have their turn before the first ones have theirs again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from trunkline.core.clock import Clock
from trunkline.reconciler.progress import Progress, ProgressRepository
from trunkline.reconciler.tasks import CallRange, RepairTask, RepairTaskQueue


@dataclass(frozen=True)
class SharedWalks:
    """Hands parts over to other invocations; `known` is the progress as it was when the task began."""

    progress: ProgressRepository
    queue: RepairTaskQueue
    clock: Clock
    known: Progress

    def is_walked(self, lane: str) -> bool:
        """Tell whether a walk over the lane is under way."""
        return lane in self.known.walks

    def begin(self, parts: Sequence[CallRange], group: str) -> None:
        """Store the parts of a walk and send them; if that fails, the lane is walked anew in minutes."""
        self.progress.begin_walk(parts)
        self._send(parts, group)

    def go_on(self, part: CallRange, first: str, group: str) -> None:
        """Send what is left of a part, from `first` on."""
        if rest := self.progress.advance(part, first):
            self._send([rest], group)

    def _send(self, parts: Sequence[CallRange], group: str) -> None:
        now_ms = self.clock.wall_ms()
        self.queue.send([RepairTask(now_ms, group, calls=part) for part in parts])
