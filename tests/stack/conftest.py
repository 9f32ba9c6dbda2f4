"""What every test of the deployed stack can use, and what a failing one shows."""

from __future__ import annotations

from tests.stack.collection import pytest_collection_modifyitems, pytest_itemcollected
from tests.stack.failures import pytest_runtest_makereport
from tests.stack.fixtures_endpoints import backend, endpoint
from tests.stack.fixtures_livekit import control
from tests.stack.fixtures_stack import its_turn, pytest_sessionfinish, stack
from tests.stack.fixtures_tenants import make_tenant, tenant, test_mode, test_mode_client

__all__ = [
    "backend",
    "control",
    "endpoint",
    "its_turn",
    "make_tenant",
    "pytest_collection_modifyitems",
    "pytest_itemcollected",
    "pytest_runtest_makereport",
    "pytest_sessionfinish",
    "stack",
    "tenant",
    "test_mode",
    "test_mode_client",
]
