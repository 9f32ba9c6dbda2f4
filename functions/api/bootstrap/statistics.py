"""Builds the readers of statistics and repairs."""

from __future__ import annotations

from functools import cache

from trunkline.core.logging import logger
from trunkline.statistics.repairs import RepairLog
from trunkline.statistics.repository import StatisticsRepository
from trunkline.statistics.service import StatisticsService

from .base import clock, table


@cache
def statistics() -> StatisticsRepository:
    return StatisticsRepository(table())


@cache
def statistics_service() -> StatisticsService:
    return StatisticsService(statistics(), clock())


@cache
def repair_log() -> RepairLog:
    return RepairLog(table(), clock(), logger("api"))
