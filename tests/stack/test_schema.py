"""Every documented route under generated requests: no 5xx, and answers that the document promises.

With a test key: what it makes is test data, and nobody is rung.
"""

from __future__ import annotations

import uuid
from typing import Any
from zlib import crc32

import pytest
import schemathesis
from hypothesis import HealthCheck, assume, settings
from schemathesis import Case
from schemathesis.checks import load_all_checks, not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.generation.feedback import FeedbackSources
from schemathesis.generation.meta import TestPhase
from schemathesis.pytest._test_builder import build_operation_test
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from local.stack import Stack
from openapi.document import document
from tests.support.tenant import ALL_SCOPES
from trunkline.agents.schemas import AgentSpec
from trunkline.call_control.get_call import MAX_WAIT_S

EXAMPLES = 12
ONE_OF = 4
"""Which share of the 5,400 systematic cases is sent: they took as long as all other tests of the stack."""
CHECKS: list[Any] = [
    not_a_server_error,
    response_schema_conformance,
    status_code_conformance,
    content_type_conformance,
]
SCHEMA = schemathesis.openapi.from_dict(document())
ROUTES = [f"{method.upper()} {path}" for path, methods in document()["paths"].items() for method in methods]


@pytest.fixture(scope="module")
def fuzzed(stack: Stack) -> dict[str, str]:
    """Where to, and with what key."""
    name, operator = f"fuzzed-{uuid.uuid4()}", stack.operator()
    operator.tenants.create(name)
    spec = AgentSpec(name="Ada", livekit_agent_name="ada")
    operator.create_agent(name, spec)
    key = operator.create_key(name, "tests", ALL_SCOPES, livemode=False, requests_per_minute=100_000)
    return {"base_url": stack.config.api_url, "key": key}


def _wait_at_most_a_second(case: Case[Any]) -> None:
    """The next event would be waited for as long as is asked, and none comes."""
    wait_s = str((case.query or {}).get("wait", ""))
    if wait_s.isdecimal() and 1 < int(wait_s) <= MAX_WAIT_S:
        case.query["wait"] = 1


def is_systematic(case: Case[Any]) -> bool:
    """Say whether it is one of the enumerated boundary cases, not a random one."""
    return case.meta is not None and case.meta.phase.name is TestPhase.COVERAGE


@pytest.mark.parametrize("route", ROUTES)
def test_no_generated_request_is_answered_with_a_fault(route: str, fuzzed: dict[str, str]) -> None:
    """Built here, not by `SCHEMA.parametrize()`: with it each worker of pytest-xdist builds them all."""

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    def check(case: Case[Any]) -> None:
        # The emulator's gateway answers a path with a line's end by itself, in words of its own.
        assume("%0A" not in case.formatted_path)
        if is_systematic(case) and crc32(repr((case.query, case.body)).encode()) % ONE_OF:
            return
        _wait_at_most_a_second(case)
        headers = {"x-api-key": fuzzed["key"]}
        case.call_and_validate(base_url=fuzzed["base_url"], headers=headers, checks=CHECKS)

    load_all_checks()
    operation = SCHEMA.find_operation_by_label(route)
    assert operation is not None
    build_operation_test(
        config=SCHEMA.config,
        operation=operation,
        test_func=check,
        given_kwargs={},
        feedback=FeedbackSources(),
    )()


def test_the_generated_requests_reach_every_route() -> None:
    operations = [found.ok() for found in SCHEMA.get_all_operations() if isinstance(found, Ok)]
    assert sorted(operation.label for operation in operations) == sorted(ROUTES)
    assert len(set(ROUTES)) > 90
