"""Looking again and again, within the time that a request has to wait."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from trunkline.core.clock import Clock

Found = TypeVar("Found")


@dataclass(frozen=True)
class Patience:
    """What a request has left to wait, from the moment when it came.

    Looks take time, too: API Gateway ends a request after 30 seconds, whatever it waited for. Source:
    https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html
    """

    until_us: int
    clock: Clock
    sleep: Callable[[float], None]

    @classmethod
    def of(cls, wait_s: int, clock: Clock, sleep: Callable[[float], None]) -> Patience:
        """Begin to wait now, for so many seconds."""
        return cls(clock.monotonic_us() + wait_s * 1_000_000, clock, sleep)

    def look_until(
        self,
        is_wanted: Callable[[Found], bool],
        found: Found,
        look: Callable[[], Found],
        pause_s: Callable[[Found], float],
    ) -> Found:
        """Look until something is wanted, and return what was seen last.

        `found` was seen first, and `pause_s` is the time before the next look. No look is begun that would
        end too late, if it takes as long as the one before.
        """
        look_us = 0
        while not is_wanted(found) and (left_us := self._left_us() - look_us) > 0:
            self.sleep(min(left_us / 1_000_000, pause_s(found)))
            began_us = self.clock.monotonic_us()
            found = look()
            look_us = self.clock.monotonic_us() - began_us
        return found

    def _left_us(self) -> int:
        return self.until_us - self.clock.monotonic_us()
