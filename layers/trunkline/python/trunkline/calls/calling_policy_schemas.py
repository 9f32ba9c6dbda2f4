"""Request and response models of redial policies and calling windows."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, field_validator, model_validator
from pydantic.alias_generators import to_camel
from typing_extensions import TypedDict

from trunkline.calls.callee_time_zones import zones_of
from trunkline.calls.calling_policy import MAX_ATTEMPTS, RedialPolicy, RetryOn
from trunkline.calls.calling_window import DAYS, CallingWindow
from trunkline.core.field_types import Zone
from trunkline.core.validation import InputModel

REDIAL_MESSAGE = (
    f"redial must be an object: maxAttempts (1 to {MAX_ATTEMPTS}), retryOn (any of "
    f"{', '.join(RetryOn)}), intervals (1 to {MAX_ATTEMPTS - 1} waits of 1 to 86400 seconds)"
)
WINDOW_MESSAGE = (
    'callingWindow must be an object: start and end ("HH:MM", not equal, "24:00" for midnight), '
    f"days (any of {', '.join(DAYS)}), timezone (an IANA name; default: the callee's)"
)
EARLIEST_MESSAGE = "must be an ISO 8601 time with its offset, not in the past, at most a year ahead"
LATEST_MESSAGE = "must be an ISO 8601 time with its offset, after earliestAt, at most 14 days after it"
EXPIRY_MESSAGE = "must be an ISO 8601 time with its offset, in the future, at most 14 days ahead"
Seconds = Annotated[int, Field(ge=1, le=86_400)]
Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
_START = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"
_END = r"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$"


class RedialSpec(InputModel):
    """A redial policy; names are taken in camelCase and in snake_case."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)

    max_attempts: Annotated[int, Field(ge=1, le=MAX_ATTEMPTS, description="Includes the first.")]
    retry_on: Annotated[list[str], Field(min_length=1, max_length=len(RetryOn))] = [
        RetryOn.BUSY.value,
        RetryOn.NO_ANSWER.value,
    ]
    intervals: Annotated[
        list[Seconds],
        Field(min_length=1, max_length=MAX_ATTEMPTS - 1, description="Seconds; the last one repeats."),
    ] = [300]

    @field_validator("retry_on")
    @classmethod
    def _known(cls, value: list[str]) -> list[str]:
        return [RetryOn(word).value for word in value]

    def policy(self) -> RedialPolicy:
        return RedialPolicy(self.max_attempts, tuple(self.retry_on), tuple(self.intervals))


class WindowSpec(InputModel):
    """Local times at which a phone may ring. A window with its end before its start ends on the next day."""

    start: Annotated[str, Field(pattern=_START)]
    end: Annotated[str, Field(pattern=_END)]
    days: Annotated[list[Day], Field(min_length=1, max_length=7)] = ["mon", "tue", "wed", "thu", "fri"]
    timezone: Zone | None = None

    @model_validator(mode="after")
    def _not_empty(self) -> WindowSpec:
        if self.end == self.start:
            raise ValueError("end must not equal start; a whole day is 00:00 to 24:00")
        return self

    def window(self, zones: tuple[str, ...]) -> CallingWindow:
        """Make the window; `zones` are the callee's, for where no time zone is named."""
        return CallingWindow(
            self.start, self.end, tuple(self.days), (self.timezone,) if self.timezone else zones
        )


class RedialView(TypedDict):
    """A redial policy as it is shown; times are in seconds."""

    max_attempts: int
    retry_on: list[str]
    intervals: list[int]


class WindowView(TypedDict):
    """A calling window as it is shown; without a time zone the callee's counts."""

    start: str
    end: str
    days: list[str]
    timezone: str | None


def redial_view(policy: RedialPolicy | None) -> RedialView | None:
    """Show a policy as `RedialSpec` takes it."""
    if policy is None:
        return None
    return {
        "max_attempts": policy.max_attempts,
        "retry_on": list(policy.retry_on),
        "intervals": list(policy.intervals_s),
    }


def window_view(window: CallingWindow | None) -> WindowView | None:
    """Show an agent's or a workflow's window as `WindowSpec` takes it."""
    if window is None:
        return None
    timezone = window.zones[0] if window.zones else None
    return {"start": window.start, "end": window.end, "days": list(window.days), "timezone": timezone}


def resolved_window(
    window: CallingWindow | None, phone_number: str, default_zone: str | None = None
) -> CallingWindow | None:
    """Resolve the window of one call to its own zones, the callee's, or `default_zone`, in this order.

    A window without any zone holds the call until its owner names one.
    """
    if window is None or window.zones:
        return window
    zones = zones_of(phone_number) or ((default_zone,) if default_zone else ())
    return CallingWindow(window.start, window.end, window.days, zones)
