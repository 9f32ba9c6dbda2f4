"""Builds the service of suppressions and number rules."""

from __future__ import annotations

from functools import cache

from trunkline.compliance.service import ComplianceService

from .base import clock, table
from .outbound import compliance_policy


@cache
def compliance_service() -> ComplianceService:
    return ComplianceService(table(), compliance_policy(), clock())
