"""Whose LiveKit is it: what is a tenant's own is asked of its own project, or of nobody."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import pytest

from tests.support.builders import TRUNK, make_call
from tests.support.clocks import ManualClock
from trunkline.calls.value_objects import Channel
from trunkline.core.errors import LiveKitNotConfigured
from trunkline.egress.address_policy import AddressPolicy
from trunkline.livekit.credentials import LiveKitCredentials, LiveKitSecret, as_secret
from trunkline.livekit.projects import SIMULATED_CREDENTIALS, ProjectRegistry
from trunkline.storage.keys.tenants import livekit_issuer_key, own_livekit_key
from trunkline.storage.table import Delete, Put, Table
from trunkline.trunks.repository import TrunkRepository

DEPLOYMENTS = LiveKitCredentials("wss://deployment.test", "devkey", "d" * 32)
OWN = LiveKitCredentials("wss://own.test", "ownkey", "o" * 32, "tenant-1", AddressPolicy())
OWN_TRUNK = replace(TRUNK, id="trunk_own", sip_trunk_id="ST_own", livekit_tenant_id="tenant-1")


class Deployment:
    """The deployment's secret in Secrets Manager."""

    def __init__(self) -> None:
        self.credentials, self.reads = DEPLOYMENTS, 0

    def get_secret_value(self, **_: str) -> dict[str, str]:
        self.reads += 1
        return {"SecretString": as_secret(self.credentials)}


class Reader:
    def __init__(self) -> None:
        self.credentials, self.reads = OWN, 0

    def read(self, arn: str, tenant_id: str) -> LiveKitCredentials:
        self.reads += 1
        return replace(self.credentials, tenant_id=tenant_id)


class ProjectHarness:
    def __init__(self, table: Table) -> None:
        self.table, self.clock = table, ManualClock()
        self.deployment, self.reader = Deployment(), Reader()
        secret = LiveKitSecret(cast("Any", self.deployment), "arn", self.clock)
        self.projects = ProjectRegistry(table, secret, cast("Any", self.reader), self.clock)
        for trunk in (TRUNK, OWN_TRUNK):
            TrunkRepository(table).create(trunk)

    def bring(self, tenant_id: str = "tenant-1") -> None:
        item: dict[str, Any] = own_livekit_key(tenant_id).as_item() | {"secret_arn": "arn"}
        self.table.write(Put(item))
        self.table.write(Put(livekit_issuer_key("ownkey", tenant_id).as_item()))
        self.clock.move_s(61)

    def take_away(self) -> None:
        self.table.write(Delete(own_livekit_key("tenant-1")))
        self.clock.move_s(61)


@pytest.fixture
def projects(table: Table) -> ProjectHarness:
    return ProjectHarness(table)


WEB: dict[str, Any] = {"channel": Channel.WEB, "trunk_id": ""}


def test_each_call_is_in_the_project_of_its_trunk_or_of_its_acceptance(projects: ProjectHarness) -> None:
    projects.bring()
    of_call = projects.projects.for_call
    assert of_call(make_call()) == DEPLOYMENTS
    assert of_call(make_call(trunk_id=OWN_TRUNK.id)) == OWN
    assert of_call(make_call(**WEB)) == DEPLOYMENTS, "accepted before the project was brought"
    assert of_call(make_call(**WEB, livekit_tenant_id="tenant-1")) == OWN
    assert of_call(make_call(livemode=False)) is SIMULATED_CREDENTIALS
    assert projects.projects.for_trunk(OWN_TRUNK) == OWN


def test_what_is_of_a_project_that_was_taken_away_is_asked_of_nobody_else(projects: ProjectHarness) -> None:
    """A trunk's id means something in its own project alone."""
    projects.bring()
    projects.take_away()
    with pytest.raises(LiveKitNotConfigured):
        projects.projects.for_trunk(OWN_TRUNK)
    for call in (make_call(trunk_id=OWN_TRUNK.id), make_call(**WEB, livekit_tenant_id="tenant-1")):
        with pytest.raises(LiveKitNotConfigured):
            projects.projects.for_call(call)
    assert projects.projects.for_tenant("tenant-1") == DEPLOYMENTS, "new calls use the deployment's again"


def test_what_the_deployment_signed_costs_no_read(
    projects: ProjectHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read(*_: Any, **__: Any) -> Any:
        raise AssertionError("no read is needed")

    monkeypatch.setattr(projects.table, "partition", read)
    assert next(projects.projects.signers("devkey")) == DEPLOYMENTS


@pytest.mark.parametrize("issuer", ["", "somebody", "a b", "x" * 200, "ownkey#tenant-1"])
def test_an_unknown_issuer_has_no_signers(projects: ProjectHarness, issuer: str) -> None:
    projects.bring()
    assert list(projects.projects.signers(issuer)) == []


def test_a_key_that_two_tenants_name_has_two_signers(projects: ProjectHarness) -> None:
    for tenant_id in ("tenant-1", "tenant-2"):
        projects.bring(tenant_id)
    assert {signer.tenant_id for signer in projects.projects.signers("ownkey")} == {"tenant-1", "tenant-2"}


def test_a_projects_word_is_true_of_its_tenants_calls_there_alone(projects: ProjectHarness) -> None:
    projects.bring()
    owns = projects.projects.owns
    assert owns("tenant-1", make_call(trunk_id=OWN_TRUNK.id))
    assert not owns("tenant-2", make_call(trunk_id=OWN_TRUNK.id))
    assert not owns("tenant-1", make_call(trunk_id=OWN_TRUNK.id, tenant_id="tenant-2"))
    assert not owns("tenant-1", make_call())
    assert not owns("tenant-1", make_call(trunk_id=OWN_TRUNK.id, livemode=False))
    assert not owns("tenant-1", None)


def test_a_signature_that_no_cached_secret_verifies_is_tried_with_the_present_one(
    projects: ProjectHarness,
) -> None:
    projects.bring()
    assert list(projects.projects.signers("ownkey")) == [OWN]
    projects.clock.move_s(5)
    changed = projects.reader.credentials = replace(OWN, api_secret="n" * 32)
    assert next(projects.projects.signers("ownkey")) == OWN, (
        "what verifies with the cached secret reads nothing"
    )
    assert projects.reader.reads == 1
    assert list(projects.projects.signers("ownkey")) == [OWN, changed]
    assert projects.projects.for_trunk(OWN_TRUNK) == changed, "requests use it from then on"


def test_a_new_key_of_a_project_is_known_at_once(projects: ProjectHarness) -> None:
    projects.bring()
    assert list(projects.projects.signers("ownkey")) == [OWN]
    projects.clock.move_s(5)
    changed = projects.reader.credentials = replace(OWN, api_key="newkey")
    projects.table.write(Put(livekit_issuer_key("newkey", "tenant-1").as_item()))
    assert list(projects.projects.signers("newkey")) == [changed]


def test_the_deployments_present_secret_is_tried_too(projects: ProjectHarness) -> None:
    assert list(projects.projects.signers("devkey")) == [DEPLOYMENTS]
    projects.clock.move_s(5)
    changed = projects.deployment.credentials = replace(DEPLOYMENTS, api_secret="n" * 32)
    assert list(projects.projects.signers("devkey")) == [DEPLOYMENTS, changed]


@pytest.mark.parametrize("issuer", ["ownkey", "devkey", "somebody"])
def test_wrong_signatures_cause_at_most_one_read_in_five_seconds(
    projects: ProjectHarness, issuer: str
) -> None:
    projects.bring()
    for _ in range(100):
        list(projects.projects.signers(issuer))
        projects.clock.move_s(0.1)
    assert projects.reader.reads in ((2, 3) if issuer == "ownkey" else (0,))
    assert projects.deployment.reads in (2, 3)
