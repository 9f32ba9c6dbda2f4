"""Every documented route under generated requests: no 5xx, and answers that the document promises.

With a test key: what it makes is test data, and nobody is rung.
"""

from __future__ import annotations

import uuid
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, assume, settings
from schemathesis import Case
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from local.openapi.document import document
from local.stack import Stack
from tests.support.tenant import ALL_SCOPES
from trunkline.agents.schemas import AgentSpec

EXAMPLES = 12
CHECKS: list[Any] = [
    not_a_server_error,
    response_schema_conformance,
    status_code_conformance,
    content_type_conformance,
]
SCHEMA = schemathesis.openapi.from_dict(document())


@pytest.fixture(scope="module")
def fuzzed(stack: Stack) -> dict[str, str]:
    """Where to, and with what key."""
    name, operator = f"fuzzed-{uuid.uuid4()}", stack.operator()
    operator.tenants.create(name)
    spec = AgentSpec(name="Ada", livekit_agent_name="ada")
    operator.create_agent(name, spec)
    key = operator.create_key(name, "tests", ALL_SCOPES, livemode=False, requests_per_minute=100_000)
    return {"base_url": stack.config.api_url, "key": key}


@SCHEMA.parametrize()
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
def test_no_generated_request_is_answered_with_a_fault(case: Case[Any], fuzzed: dict[str, str]) -> None:
    # The emulator's gateway answers a path with a line's end by itself, in words of its own.
    assume("%0A" not in case.formatted_path)
    case.call_and_validate(base_url=fuzzed["base_url"], headers={"x-api-key": fuzzed["key"]}, checks=CHECKS)


def test_the_generated_requests_reached_every_route() -> None:
    paths = document()["paths"]
    assert len(list(SCHEMA.get_all_operations())) == sum(len(methods) for methods in paths.values())
