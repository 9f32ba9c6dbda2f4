"""The fault runs use the deployed stack's fixtures; they take minutes and have a target of their own."""

from __future__ import annotations

from tests.stack.conftest import control, make_tenant, pytest_runtest_makereport, stack, tenant

__all__ = ["control", "make_tenant", "pytest_runtest_makereport", "stack", "tenant"]
