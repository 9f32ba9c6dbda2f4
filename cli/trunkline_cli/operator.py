"""What an operator can do to a deployment: tenants, keys, trunks, agents; no terminal in here."""

from __future__ import annotations

import getpass
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import boto3

from trunkline.agents.models import Agent
from trunkline.agents.repository import AgentRepository
from trunkline.agents.schemas import AgentSpec
from trunkline.auth.api_key_repository import ApiKeyRepository
from trunkline.auth.api_key_schemas import ApiKeyView, KeySpec
from trunkline.auth.api_key_service import ApiKeyService
from trunkline.auth.audit_log import audit_write
from trunkline.auth.principal import Actor, Principal
from trunkline.core.clock import SystemClock
from trunkline.core.errors import InvalidRequest, NotFound
from trunkline.core.rate_limit import DEFAULT_PER_MINUTE
from trunkline.core.validation import validated
from trunkline.dial_queue.messages import DialWakeup, WakeQueue
from trunkline.egress.address_policy import AddressPolicy, UnsafeAddress, target_of
from trunkline.livekit.credentials import LiveKitCredentials, LiveKitSecret
from trunkline.storage.encryption import EnvelopeCipher
from trunkline.storage.keys.tenants import own_livekit_key
from trunkline.storage.table import Table
from trunkline.tenants.repository import TenantRepository
from trunkline.tenants.settings import TenantSettingsCache
from trunkline.tools.repository import ToolRepository
from trunkline.tools.schemas import ToolSpec
from trunkline.tools.secret_repository import SecretRepository
from trunkline.tools.service import ToolService
from trunkline.trunks.models import Trunk, TrunkState
from trunkline.trunks.repository import TrunkEvent, TrunkRepository
from trunkline.trunks.schemas import TrunkSpec
from trunkline.workflows.repository import WorkflowRepository
from trunkline.workflows.schemas import WorkflowSpec
from trunkline.workflows.service import WorkflowService


@dataclass(frozen=True)
class Applied:
    """One line of what `apply` did: `created`, `changed` (with the fields) or `unchanged`."""

    kind: str
    name: str
    id: str
    what: str


@dataclass(frozen=True)
class Operator:
    table: Table
    tenants: TenantRepository
    keys: ApiKeyService
    trunks: TrunkRepository
    agents: AgentRepository
    workflows: WorkflowService
    tools: ToolService
    livekit: LiveKitSecret
    wakes: WakeQueue

    def tenant_id(self, name_or_id: str) -> str:
        """Find a tenant, or raise `NotFound`."""
        found = self.tenants.find(name_or_id)
        if found is None:
            raise NotFound(f"no tenant {name_or_id}: make it with `trunkline tenants create {name_or_id}`")
        return found

    def principal(self, tenant: str, *, livemode: bool = True) -> Principal:
        """The operator, as one who acts for a tenant: bound by no scopes, and named in the audit log."""
        actor = Actor("operator", name=getpass.getuser())
        return Principal(self.tenant_id(tenant), livemode, frozenset(), actor=actor)

    def create_key(
        self, tenant: str, name: str, scopes: list[str], *, livemode: bool, **bounds: object
    ) -> str:
        """Make a key; `bounds` are more fields of `KeySpec`. An unknown scope raises `InvalidRequest`."""
        environment = "live" if livemode else "test"
        wish = {"name": name, "scopes": scopes, "environment": environment} | bounds
        return self.keys.create(self.principal(tenant), validated(KeySpec, wish))["key"]

    def list_keys(self, tenant: str) -> list[ApiKeyView]:
        """A tenant's keys, of both modes."""
        return self.keys.list(self.principal(tenant))["data"]

    def revoke_key(self, tenant: str, key_id: str) -> None:
        """End a key and its sessions; one that the tenant has not raises `NotFound`."""
        self.keys.delete(self.principal(tenant), key_id)

    def set_tenant(self, tenant: str, facts: Mapping[str, int | None]) -> None:
        """Set some of what `Facts` knows; a limit over all calls is told to the tenant's trunks."""
        tenant_id = self.tenant_id(tenant)
        self.tenants.set(tenant_id, facts)
        if "max_calls_in_progress" in facts:
            self.trunks.limit_total(tenant_id, facts["max_calls_in_progress"])
        if "requests_per_minute" in facts:
            usual = facts["requests_per_minute"] or DEFAULT_PER_MINUTE
            self.keys.apply_default(self.principal(tenant_id), usual)

    def create_trunk(self, spec: TrunkSpec, tenants: list[str]) -> Trunk:
        """Make a trunk and grant it; its LiveKit project is the deployment's, or its one tenant's own."""
        principals = [self.principal(tenant) for tenant in tenants]
        if spec.own_livekit and len(principals) != 1:
            raise InvalidRequest("a trunk of a tenant's own LiveKit is for that one tenant")
        trunk = self._trunk(spec, principals[0].tenant_id if principals else "")
        self.trunks.create(trunk)
        for principal in principals:
            self._grant(trunk.id, principal)
        return trunk

    def _trunk(self, spec: TrunkSpec, tenant_id: str) -> Trunk:
        if not spec.own_livekit:
            return spec.trunk(self.livekit.read().project)
        item = self.table.get(own_livekit_key(tenant_id))
        if item is None:
            raise InvalidRequest("the tenant has no LiveKit of its own: it brings one with PUT /livekit")
        project = LiveKitCredentials(item["url"], item["api_key"], "").project
        return replace(spec.trunk(project), livekit_tenant_id=tenant_id)

    def grant(self, trunk_id: str, tenant: str, max_concurrent_calls: int | None = None) -> None:
        """Let a tenant use a trunk; an unknown one of either raises `NotFound`."""
        trunk, principal = self.trunks.load(trunk_id), self.principal(tenant)
        if trunk is None:
            raise NotFound(f"no trunk {trunk_id}")
        if trunk.livekit_tenant_id not in (None, principal.tenant_id):
            raise InvalidRequest("the trunk is of another tenant's own LiveKit")
        self._grant(trunk_id, principal, max_concurrent_calls)

    def _grant(self, trunk_id: str, principal: Principal, max_concurrent_calls: int | None = None) -> None:
        noted = audit_write(principal, SystemClock().wall_ms(), "trunk.granted", trunk_id)
        self.trunks.grant(trunk_id, principal.tenant_id, max_concurrent_calls, [noted])

    def pause(self, trunk_id: str, *, paused: bool) -> None:
        """Pause or resume a trunk, whoever uses it; the tenant can't undo the operator's pause."""
        state = self.trunks.state(trunk_id)
        if state is None:
            raise NotFound(f"no trunk {trunk_id}")
        if state.settings.operator_paused == paused:
            return
        kind = "paused" if paused else "resumed"
        now_ms = SystemClock().wall_ms()
        event = TrunkEvent(f"trunk.{kind}", f"{kind}_by_operator", now_ms)
        users = [self.principal(tenant_id) for tenant_id in state.tenants]
        noted = [audit_write(user, now_ms, f"trunk.{kind}", trunk_id, ["operator_paused"]) for user in users]
        self.trunks.set(trunk_id, {"operator_paused": paused}, event, noted)
        if not paused:
            self.wakes.send(DialWakeup(trunk_id))

    def trunk_states(self) -> Iterator[TrunkState]:
        """Every trunk of the deployment, as it is now."""
        states = (self.trunks.state(trunk_id) for trunk_id in self.trunks.ids())
        return (state for state in states if state)

    def create_agent(self, tenant: str, spec: AgentSpec) -> Agent:
        """Make an agent; one of that name raises `AlreadyExists`."""
        principal = self.principal(tenant)
        agent = self._agent(principal.tenant_id, spec)
        self.agents.create(
            agent, [audit_write(principal, SystemClock().wall_ms(), "agent.created", agent.id)]
        )
        return agent

    def apply(self, declared: Mapping[str, Any]) -> Iterator[Applied]:
        """Bring what a tenant has to what a file declares; twice is once.

        Everything is validated before anything is written.
        """
        if unknown := set(declared) - {"tenant", "trunks", "tools", "agents", "workflows"}:
            parts = "tenant, trunks, tools, agents and workflows"
            raise InvalidRequest(f"unknown key {sorted(unknown)[0]}: a file has {parts}")
        if not isinstance(declared.get("tenant"), str):
            raise InvalidRequest("tenant: the tenant's name is missing")
        trunks = [validated(TrunkSpec, entry) for entry in declared.get("trunks") or []]
        tools = [validated(ToolSpec, entry) for entry in declared.get("tools") or []]
        agents = [validated(AgentSpec, entry) for entry in declared.get("agents") or []]
        workflows = [validated(WorkflowSpec, entry) for entry in declared.get("workflows") or []]
        tenant_id = self.tenants.find(declared["tenant"])
        if tenant_id is None:
            tenant_id = self.tenants.create(declared["tenant"])
            yield Applied("tenant", declared["tenant"], tenant_id, "created")
        for spec in trunks:
            yield self._apply_trunk(tenant_id, spec)
        for tool_spec in tools:
            yield self._apply_kept(tenant_id, "tool", self.tools, tool_spec.name, tool_spec)
        for agent_spec in agents:
            yield self._apply_agent(tenant_id, agent_spec)
        for workflow_spec in workflows:
            yield self._apply_kept(tenant_id, "workflow", self.workflows, workflow_spec.slug, workflow_spec)

    def _apply_trunk(self, tenant_id: str, spec: TrunkSpec) -> Applied:
        trunk = self._trunk(spec, tenant_id)
        before = self.trunks.load(trunk.id)
        granted = self.trunks.granted(tenant_id, trunk.id) is not None
        what = _difference(before, trunk)
        if before != trunk:
            self.trunks.save(trunk)
        if not granted:
            self._grant(trunk.id, self.principal(tenant_id))
            what = "granted" if what == "unchanged" else what
        return Applied("trunk", trunk.name, trunk.id, what)

    def _apply_agent(self, tenant_id: str, spec: AgentSpec) -> Applied:
        agent = self._agent(tenant_id, spec)
        before = self.agents.load(tenant_id, agent.id)
        what = _difference(before, agent)
        if before != agent:
            action = "agent.changed" if before else "agent.created"
            noted = audit_write(self.principal(tenant_id), SystemClock().wall_ms(), action, agent.id)
            self.agents.save(replace(agent, version=before.version + 1 if before else 1), [noted])
        return Applied("agent", agent.name, agent.id, what)

    def _apply_kept(
        self, tenant_id: str, kind: str, desk: WorkflowService | ToolService, name: str, spec: Any
    ) -> Applied:
        """Make a thing that is kept in versions, or its next version."""
        principal = self.principal(tenant_id)
        try:
            before = desk.get(principal, name)["version"]
        except NotFound:
            desk.create(principal, spec)
            return Applied(kind, name, name, "created")
        after = desk.change(principal, name, spec.model_dump(mode="json"))["version"]
        return Applied(kind, name, name, "unchanged" if after == before else f"version {after}")

    def _agent(self, tenant_id: str, spec: AgentSpec) -> Agent:
        self.tools.tools.require(tenant_id, spec.tools)
        trunk = self.trunks.find(tenant_id, spec.trunk) if spec.trunk else None
        if spec.trunk and trunk is None:
            raise NotFound(f"the tenant has no trunk {spec.trunk}")
        return spec.agent(tenant_id, trunk)


def _difference(before: object | None, after: object) -> str:
    if before is None:
        return "created"
    changed = [n for n, value in vars(after).items() if n != "version" and vars(before)[n] != value]
    return f"changed: {', '.join(changed)}" if changed else "unchanged"


def _check_url(url: str, field: str) -> None:
    """What can be told without asking DNS; what may be called on a stage is checked at each connection."""
    try:
        target_of(url, AddressPolicy(range(1, 65_536)))
    except UnsafeAddress as error:
        raise InvalidRequest(f"{field}: {error.reason}", field=field) from error


def open_operator(outputs: Mapping[str, str]) -> Operator:
    """Open a deployment by its stack's outputs, with the caller's own AWS credentials."""
    secrets = boto3.client("secretsmanager")
    table = Table(boto3.client("dynamodb"), outputs["TableName"])
    pepper = secrets.get_secret_value(SecretId=outputs["KeyPepperArn"])["SecretString"]
    clock, tools = SystemClock(), ToolRepository(table)
    secrets_of_tools = SecretRepository(table, EnvelopeCipher(""))  # which there are: no value is read here
    return Operator(
        table=table,
        tenants=TenantRepository(table),
        keys=ApiKeyService(ApiKeyRepository(table), TenantSettingsCache(table, clock), pepper, clock),
        trunks=TrunkRepository(table),
        agents=AgentRepository(table),
        workflows=WorkflowService(
            WorkflowRepository(table), AgentRepository(table), tools, clock, lambda *_: False
        ),
        tools=ToolService(tools, secrets_of_tools, _check_url, lambda *_: None, clock),
        livekit=LiveKitSecret(secrets, outputs["LiveKitSecretArn"], clock),
        wakes=WakeQueue(boto3.client("sqs"), outputs["DialQueueUrl"], outputs["TestDialQueueUrl"]),
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
