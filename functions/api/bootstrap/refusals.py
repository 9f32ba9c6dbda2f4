"""Builds the log of refused calls."""

from __future__ import annotations

from functools import cache

from trunkline.call_control.refusals import RefusalLog
from trunkline.core.logging import logger

from .base import clock, table


@cache
def refusal_log() -> RefusalLog:
    return RefusalLog(table(), clock(), logger("api"))
