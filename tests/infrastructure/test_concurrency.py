"""What the template says of concurrency: it fits a new account in `dev`, and leaves the account its own."""

from __future__ import annotations

from typing import Any

import pytest

from infrastructure.settings import StageSettings, stage_settings
from tests.infrastructure.conftest import Synthesized
from tests.infrastructure.templates import event_sources, package_of, resources

NEW_ACCOUNT = 10
DEFAULT_ACCOUNT = 1_000
STAYS_UNRESERVED = 100
"""https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html"""


def _reserved(template: dict[str, Any]) -> dict[str, int]:
    functions = resources(template, "AWS::Lambda::Function").values()
    name = "ReservedConcurrentExecutions"
    return {package_of(each): each[name] for each in functions if name in each}


def _provisioned(template: dict[str, Any]) -> int:
    versions = (each.get("Properties", {}) for each in template["Resources"].values())
    name = "ProvisionedConcurrencyConfig"
    return sum(each[name]["ProvisionedConcurrentExecutions"] for each in versions if name in each)


def _queue_sources(template: dict[str, Any]) -> list[tuple[str, int]]:
    """The package and the maximum concurrency of each event source that is a queue."""
    functions = resources(template, "AWS::Lambda::Function")
    return [
        (package_of(functions[function]), each["ScalingConfig"]["MaximumConcurrency"])
        for function, _, each in event_sources(template)
        if "StartingPosition" not in each
    ]


def test_a_new_account_can_deploy_dev(synthesized: Synthesized) -> None:
    assert _reserved(synthesized("dev")) == {}
    assert _provisioned(synthesized("dev")) == 0


def test_an_account_of_the_default_size_can_deploy_prod(synthesized: Synthesized) -> None:
    reserved = sum(_reserved(synthesized("prod")).values())
    assert 0 < reserved <= DEFAULT_ACCOUNT - STAYS_UNRESERVED


def test_each_reservation_of_the_template_is_one_of_the_settings(
    template: dict[str, Any], settings: StageSettings
) -> None:
    assert _reserved(template) == settings.reserved_concurrency()


def test_prod_reserves_for_what_tenants_must_not_keep_out(synthesized: Synthesized) -> None:
    reserved = _reserved(synthesized("prod"))
    assert {"livekit_webhook", "agent_api", "event_fanout", "api", "dialer", "reconciler"} <= reserved.keys()
    assert reserved["reconciler"] == 1


def test_every_queue_bounds_what_runs_at_once(template: dict[str, Any], settings: StageSettings) -> None:
    sources = _queue_sources(template)
    assert sorted(size for _, size in sources) == sorted(settings.source_concurrency().values())
    assert all(2 <= size <= 1_000 for _, size in sources)
    dialers = {package: size for package, size in sources if "dialer" in package}
    assert dialers == {"dialer": settings.dialer_lanes, "test_dialer": settings.test_dialer_lanes}


def test_no_queue_takes_more_than_its_function_may_run(template: dict[str, Any]) -> None:
    """Lambda throttles the rest, and a throttled message counts as a receive towards the dead letters."""
    reserved = _reserved(template)
    taken: dict[str, int] = {}
    for package, size in _queue_sources(template):
        taken[package] = taken.get(package, 0) + size
    assert {package for package in taken if taken[package] > reserved.get(package, 10**6)} == set()


def test_in_a_new_account_the_long_runs_of_dev_leave_half_to_everything_else(
    synthesized: Synthesized,
) -> None:
    functions = resources(synthesized("dev"), "AWS::Lambda::Function").values()
    long = {package_of(each) for each in functions if each["Timeout"] > 60}
    assert long == {"dialer", "test_dialer", "batches"}
    runs = sum(size for package, size in _queue_sources(synthesized("dev")) if package in long)
    assert runs <= NEW_ACCOUNT // 2
    assert stage_settings("dev").batch_parts_at_once + runs < NEW_ACCOUNT


def test_long_polls_take_at_most_half_of_the_apis_concurrency() -> None:
    prod = stage_settings("prod")
    assert 0 < prod.long_polls <= prod.api_at_once // 2
    assert 0 < stage_settings("dev").long_polls < NEW_ACCOUNT // 2


def test_context_changes_sizes_and_switches() -> None:
    changed = stage_settings("prod", {"dialer_lanes": "80", "protects_table": "true", "stage": "prod"})
    assert (changed.dialer_lanes, changed.protects_table) == (80, True)
    assert changed.reserved_concurrency()["dialer"] == 80
    assert stage_settings("prod", {}) == stage_settings("prod")


@pytest.mark.parametrize(
    ("context", "says"),
    [
        ({"dialer_lanes": "many"}, "dialer_lanes can't be 'many': it is a number"),
        ({"dialer_lanes": "-3"}, "it is a number"),
        ({"protects_table": "perhaps"}, "it is true or false"),
        ({"dialer_lanes": "1"}, "dialer_lanes must be 2 to 1000"),
        ({"long_polls": "200"}, "at most half of api_at_once"),
    ],
)
def test_a_setting_that_aws_would_refuse_is_refused_first(context: dict[str, str], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        stage_settings("prod", context)
