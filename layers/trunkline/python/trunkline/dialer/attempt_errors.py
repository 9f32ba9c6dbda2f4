"""Reasons why an attempt sends nothing."""

from __future__ import annotations


class SlotExpired(Exception):
    """The start came too late; nothing was sent."""


class ReleaseClaim(Exception):
    """The run is ending or the trunk is paused: a call that was not sent returns to the queue."""
