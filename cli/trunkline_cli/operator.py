"""What an operator can do to a deployment: tenants, keys, trunks, agents; no terminal in here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import boto3

from trunkline.clock import SystemClock
from trunkline.dialing.trunk_store import TrunkEvent, TrunkStore
from trunkline.dialing.trunks import Trunk, TrunkState
from trunkline.dialing.wake import Wake, WakeQueue
from trunkline.errors import InvalidRequest, NotFound
from trunkline.livekit.credentials import LiveKitCredentials, LiveKitSecret
from trunkline.table import Table
from trunkline.tenants.agents import Agent, AgentStore, TenantStore
from trunkline.tenants.keys import ApiKeyStore, Principal, Scope
from trunkline.tenants.specs import AgentSpec, TrunkSpec
from trunkline.validation import validated
from trunkline.workflows.desk import WorkflowDesk
from trunkline.workflows.specs import WorkflowSpec
from trunkline.workflows.store import WorkflowStore


@dataclass(frozen=True)
class Applied:
    """One line of what `apply` did: `created`, `changed` (with the fields) or `unchanged`."""

    kind: str
    name: str
    id: str
    what: str


@dataclass(frozen=True)
class Operator:
    tenants: TenantStore
    keys: ApiKeyStore
    trunks: TrunkStore
    agents: AgentStore
    workflows: WorkflowDesk
    livekit: LiveKitSecret
    wakes: WakeQueue

    def tenant_id(self, name_or_id: str) -> str:
        """Find a tenant, or raise `NotFound`."""
        found = self.tenants.find(name_or_id)
        if found is None:
            raise NotFound(f"no tenant {name_or_id}: make it with `trunkline tenants create {name_or_id}`")
        return found

    def create_key(self, tenant: str, name: str, scopes: list[str], *, livemode: bool) -> str:
        """Make a key; an unknown scope raises `InvalidRequest`."""
        known = {scope.value for scope in Scope}
        if unknown := [scope for scope in scopes if scope not in known]:
            raise InvalidRequest(f"unknown scope {unknown[0]}: choose from {', '.join(sorted(known))}")
        given = frozenset(Scope(scope) for scope in scopes)
        return self.keys.create(self.tenant_id(tenant), name, given, livemode=livemode)

    def create_trunk(self, spec: TrunkSpec, tenants: list[str]) -> Trunk:
        """Make a trunk and grant it; its LiveKit project is the deployment's."""
        tenant_ids = [self.tenant_id(tenant) for tenant in tenants]
        trunk = spec.trunk(self.livekit.read().project)
        self.trunks.create(trunk)
        for tenant_id in tenant_ids:
            self.trunks.grant(trunk.id, tenant_id)
        return trunk

    def grant(self, trunk_id: str, tenant: str, max_concurrent_calls: int | None = None) -> None:
        """Let a tenant use a trunk; an unknown one of either raises `NotFound`."""
        if self.trunks.load(trunk_id) is None:
            raise NotFound(f"no trunk {trunk_id}")
        self.trunks.grant(trunk_id, self.tenant_id(tenant), max_concurrent_calls)

    def pause(self, trunk_id: str, *, paused: bool) -> None:
        """Pause or resume a trunk, whoever uses it; the tenant can't undo the operator's pause."""
        state = self.trunks.state(trunk_id)
        if state is None:
            raise NotFound(f"no trunk {trunk_id}")
        if state.settings.operator_paused == paused:
            return
        kind = "paused" if paused else "resumed"
        event = TrunkEvent(f"trunk.{kind}", f"{kind}_by_operator", SystemClock().wall_ms())
        self.trunks.set(trunk_id, {"operator_paused": paused}, event)
        if not paused:
            self.wakes.send(Wake(trunk_id))

    def trunk_states(self) -> Iterator[TrunkState]:
        """Every trunk of the deployment, as it is now."""
        states = (self.trunks.state(trunk_id) for trunk_id in self.trunks.ids())
        return (state for state in states if state)

    def create_agent(self, tenant: str, spec: AgentSpec) -> Agent:
        """Make an agent; one of that name raises `AlreadyExists`."""
        agent = self._agent(self.tenant_id(tenant), spec)
        self.agents.create(agent)
        return agent

    def apply(self, declared: Mapping[str, Any]) -> Iterator[Applied]:
        """Bring a tenant's trunks and agents to what a file declares; twice is once.

        Everything is validated before anything is written.
        """
        if unknown := set(declared) - {"tenant", "trunks", "agents", "workflows"}:
            parts = "tenant, trunks, agents and workflows"
            raise InvalidRequest(f"unknown key {sorted(unknown)[0]}: a file has {parts}")
        if not isinstance(declared.get("tenant"), str):
            raise InvalidRequest("tenant: the tenant's name is missing")
        trunks = [validated(TrunkSpec, entry) for entry in declared.get("trunks") or []]
        agents = [validated(AgentSpec, entry) for entry in declared.get("agents") or []]
        workflows = [validated(WorkflowSpec, entry) for entry in declared.get("workflows") or []]
        tenant_id = self.tenants.find(declared["tenant"])
        if tenant_id is None:
            tenant_id = self.tenants.create(declared["tenant"])
            yield Applied("tenant", declared["tenant"], tenant_id, "created")
        for spec in trunks:
            yield self._apply_trunk(tenant_id, spec)
        for agent_spec in agents:
            yield self._apply_agent(tenant_id, agent_spec)
        for workflow_spec in workflows:
            yield self._apply_workflow(tenant_id, workflow_spec)

    def _apply_trunk(self, tenant_id: str, spec: TrunkSpec) -> Applied:
        trunk = spec.trunk(self.livekit.read().project)
        before = self.trunks.load(trunk.id)
        granted = self.trunks.granted(tenant_id, trunk.id) is not None
        what = _difference(before, trunk)
        if before != trunk:
            self.trunks.save(trunk)
        if not granted:
            self.trunks.grant(trunk.id, tenant_id)
            what = "granted" if what == "unchanged" else what
        return Applied("trunk", trunk.name, trunk.id, what)

    def _apply_agent(self, tenant_id: str, spec: AgentSpec) -> Applied:
        agent = self._agent(tenant_id, spec)
        before = self.agents.load(tenant_id, agent.id)
        if before != agent:
            self.agents.save(replace(agent, version=before.version + 1 if before else 1))
        return Applied("agent", agent.name, agent.id, _difference(before, agent))

    def _apply_workflow(self, tenant_id: str, spec: WorkflowSpec) -> Applied:
        principal = Principal(tenant_id, livemode=True, scopes=frozenset())
        before = self.workflows.workflows.load(tenant_id, spec.slug)
        if before is None:
            self.workflows.create(principal, spec)
            return Applied("workflow", spec.slug, spec.slug, "created")
        after = self.workflows.change(principal, spec.slug, spec.model_dump(mode="json"))
        what = "unchanged" if after["version"] == before.version else f"version {after['version']}"
        return Applied("workflow", spec.slug, spec.slug, what)

    def _agent(self, tenant_id: str, spec: AgentSpec) -> Agent:
        trunk = self.trunks.find(tenant_id, spec.trunk) if spec.trunk else None
        if spec.trunk and trunk is None:
            raise NotFound(f"the tenant has no trunk {spec.trunk}")
        return spec.agent(tenant_id, trunk)


def _difference(before: object | None, after: object) -> str:
    if before is None:
        return "created"
    changed = [n for n, value in vars(after).items() if n != "version" and vars(before)[n] != value]
    return f"changed: {', '.join(changed)}" if changed else "unchanged"


def open_operator(outputs: Mapping[str, str]) -> Operator:
    """Open a deployment by its stack's outputs, with the caller's own AWS credentials."""
    secrets = boto3.client("secretsmanager")
    table = Table(boto3.client("dynamodb"), outputs["TableName"])
    pepper = secrets.get_secret_value(SecretId=outputs["KeyPepperArn"])["SecretString"]
    return Operator(
        tenants=TenantStore(table),
        keys=ApiKeyStore(table, pepper),
        trunks=TrunkStore(table),
        agents=AgentStore(table),
        workflows=WorkflowDesk(WorkflowStore(table), AgentStore(table), SystemClock(), lambda *_: False),
        livekit=LiveKitSecret(secrets, outputs["LiveKitSecretArn"], SystemClock()),
        wakes=WakeQueue(boto3.client("sqs"), outputs["DialQueueUrl"]),
    )


def stack_outputs(stage: str) -> dict[str, str]:
    """The outputs of a stage's stack, or `NotFound`."""
    cloudformation = boto3.client("cloudformation")
    try:
        stack = cloudformation.describe_stacks(StackName=f"trunkline-{stage}")["Stacks"][0]
    except cloudformation.exceptions.ClientError as error:
        raise NotFound(
            f"no stack trunkline-{stage} here: {error.response['Error'].get('Message', '')}"
        ) from error
    return {each["OutputKey"]: each["OutputValue"] for each in stack.get("Outputs", [])}


def set_livekit(operator: Operator, url: str, api_key: str, api_secret: str) -> None:
    """Put the deployment's LiveKit project in."""
    if not url.startswith(("https://", "wss://", "http://", "ws://")):
        raise InvalidRequest("the URL must begin with https:// or wss://")
    operator.livekit.write(LiveKitCredentials(url, api_key, api_secret))
