"""The preflight: a stage fits into an account, or the report says what to ask for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infrastructure.preflight import Account, Finding, Level, Quota, fits, preflight
from infrastructure.settings import stage_settings

NEW = Account(concurrency=10, unreserved=10)
DEFAULT = Account(concurrency=1_000, unreserved=1_000)
PROD, DEV = stage_settings("prod"), stage_settings("dev")
RESERVED = sum(PROD.reserved_concurrency().values())


def _lambda(findings: list[Finding]) -> Finding:
    return next(each for each in findings if each.text.startswith("Lambda") and "concurrent" in each.text)


def _about(findings: list[Finding], word: str) -> Finding:
    return next(each for each in findings if word in each.text)


def test_dev_fits_into_a_new_account_and_says_what_load_needs() -> None:
    findings = preflight(DEV, NEW)
    assert fits(findings)
    asked = _lambda(findings)
    assert (asked.level, asked.ask_for) == (Level.ASK, 1_000)
    assert asked.link.endswith("/services/lambda/quotas/L-B99A9384")


def test_prod_does_not_fit_into_a_new_account() -> None:
    findings = preflight(PROD, NEW)
    assert not fits(findings)
    refused = _lambda(findings)
    assert (refused.level, refused.ask_for) == (Level.BLOCKED, 1_000)
    assert str(RESERVED) in refused.text
    assert "L-B99A9384" in refused.link


def test_prod_fits_into_an_account_of_the_default_size() -> None:
    findings = preflight(PROD, DEFAULT)
    assert fits(findings)
    assert _lambda(findings).level is Level.OK


def test_a_second_deployment_counts_its_own_reservations_once() -> None:
    there = Account(concurrency=1_000, unreserved=1_000 - RESERVED, own_reserved=RESERVED)
    assert fits(preflight(PROD, there))
    others = Account(concurrency=1_000, unreserved=1_000 - RESERVED, own_reserved=0)
    refused = _lambda(preflight(PROD, others))
    assert refused.level is Level.BLOCKED
    assert f"others reserve {RESERVED}" in refused.text


@given(limit=st.integers(10, 5_000), others=st.integers(0, 4_000))
def test_what_is_asked_for_is_enough(limit: int, others: int) -> None:
    unreserved = max(0, limit - others)
    refused = _lambda(preflight(PROD, Account(concurrency=limit, unreserved=unreserved)))
    assert (refused.level is Level.BLOCKED) == (unreserved - RESERVED < 100)
    if refused.level is Level.BLOCKED:
        assert refused.ask_for is not None
        more = refused.ask_for - limit
        assert fits(preflight(PROD, Account(concurrency=limit + more, unreserved=unreserved + more)))


def test_environments_that_are_kept_started_without_a_reservation_take_from_the_rest() -> None:
    """Lambda refuses them as it refuses reservations: 100 must stay."""
    started = stage_settings("dev", {"provisioned_dialer": 2})
    refused = _lambda(preflight(started, NEW))
    assert (refused.level, refused.ask_for) == (Level.BLOCKED, 1_000)
    assert fits(preflight(started, Account(concurrency=102, unreserved=102)))
    assert not fits(preflight(started, Account(concurrency=101, unreserved=101)))
    assert fits(preflight(started, Account(concurrency=102, unreserved=100, own_reserved=2)))


def test_environments_that_are_kept_started_are_part_of_a_reservation() -> None:
    started = stage_settings("prod", {"provisioned_dialer": 50})
    least = Account(concurrency=RESERVED + 100, unreserved=RESERVED + 100)
    assert fits(preflight(started, least))


def test_an_account_that_queues_alone_would_fill_is_told_so() -> None:
    said = _lambda(preflight(DEV, NEW))
    assert said.level is Level.ASK
    assert "Its queues alone may ask for 12" in said.text


@pytest.mark.parametrize(
    ("service", "name", "too_little", "level"),
    [
        ("states", "StartExecution throttle token refill rate per second", 59, Level.ASK),
        ("states", "StateTransition throttle token refill rate per second", 239, Level.ASK),
        ("dynamodb", "Table-level write throughput limit", 1_999, Level.ASK),
        ("dynamodb", "Maximum number of tables", 0, Level.BLOCKED),
        ("sqs", "Messages in flight", 49, Level.ASK),
        ("scheduler", "Invocations throttle limit in transactions per second", 4, Level.ASK),
        ("apigateway", "Throttle rate", 1_999, Level.BLOCKED),
        ("apigateway", "Throttle burst rate", 999, Level.BLOCKED),
    ],
)
def test_a_quota_that_is_too_small_is_named_with_its_code(
    service: str, name: str, too_little: int, level: Level
) -> None:
    for value, expected in ((too_little, level), (too_little + 1, Level.OK)):
        quotas = {service: (Quota(name, "L-12345678", value),)}
        found = _about(preflight(PROD, Account(1_000, 1_000, quotas=quotas)), name)
        assert found.level is expected
        if expected is not Level.OK:
            assert found.ask_for == too_little + 1
            assert found.link.endswith(f"/services/{service}/quotas/L-12345678")


def test_a_quota_that_cannot_be_read_stops_nothing() -> None:
    findings = preflight(PROD, DEFAULT)
    assert {each.level for each in findings} == {Level.OK, Level.UNKNOWN}
    assert all(each.link for each in findings if each.level is Level.UNKNOWN)


def test_code_storage_that_is_nearly_full_is_reported() -> None:
    nearly = Account(1_000, 1_000, code_bytes=95, code_limit_bytes=100)
    assert _about(preflight(PROD, nearly), "storage for code").level is Level.ASK
    assert _about(preflight(PROD, DEFAULT), "storage for code").level is Level.OK
