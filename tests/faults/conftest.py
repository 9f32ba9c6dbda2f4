"""The fault runs use the deployed stack's fixtures; they take minutes and have a target of their own."""

from __future__ import annotations

from tests.stack.conftest import control, endpoint, make_tenant, pytest_runtest_makereport, stack, tenant

__all__ = ["control", "endpoint", "make_tenant", "pytest_runtest_makereport", "stack", "tenant"]
