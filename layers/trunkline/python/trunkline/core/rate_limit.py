"""Rate-limit windows of API keys and their response headers. Pure.

A window is a minute of the clock. Source of the headers: the IETF draft "RateLimit header fields for
HTTP" (draft-ietf-httpapi-ratelimit-headers-10).
"""

from __future__ import annotations

from dataclasses import dataclass

DEFAULT_PER_MINUTE = 600
WINDOW_S = 60
_WINDOW_MS = WINDOW_S * 1000


def window_of(now_ms: int) -> int:
    """Return the number of the minute that contains a time."""
    return now_ms // _WINDOW_MS


@dataclass(frozen=True)
class RateLimitStatus:
    """A key's requests in its current window: `used` of `limit`, until `ends_ms`."""

    limit: int
    used: int
    ends_ms: int

    @classmethod
    def in_window(cls, limit: int, used: int, window: int) -> RateLimitStatus:
        return cls(limit, used, (window + 1) * _WINDOW_MS)

    def left_s(self, now_ms: int) -> int:
        """Return the whole seconds until the next window, at least one."""
        return max(1, -(-(self.ends_ms - now_ms) // 1000))

    def headers(self, now_ms: int) -> dict[str, str]:
        """Return the headers of every response."""
        remaining = max(0, self.limit - self.used)
        return {
            "RateLimit-Policy": f'"key";q={self.limit};w={WINDOW_S}',
            "RateLimit": f'"key";r={remaining};t={self.left_s(now_ms)}',
        }
