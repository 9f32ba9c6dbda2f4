"""Administration of a deployment: tenants, API keys, trunks, agents and its LiveKit project."""

from __future__ import annotations

import getpass
from collections.abc import Iterator, Mapping, Sequence
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
from trunkline.egress.address_policy import AddressPolicy, UnsafeAddress, parse_target
from trunkline.livekit.credentials import LiveKitCredentials, LiveKitSecret
from trunkline.livekit.sync_client import try_credentials
from trunkline.storage.encryption import EnvelopeCipher
from trunkline.storage.keys.tenants import own_livekit_key
from trunkline.storage.table import Table
from trunkline.tenants.repository import TenantRepository
from trunkline.tenants.settings import TenantSettingsCache
from trunkline.tools.repository import ToolRepository
from trunkline.tools.secret_repository import SecretRepository
from trunkline.tools.service import ToolService
from trunkline.trunks.models import Trunk, TrunkState
from trunkline.trunks.repository import TrunkEvent, TrunkRepository
from trunkline.trunks.schemas import TrunkSpec
from trunkline.workflows.repository import WorkflowRepository
from trunkline.workflows.service import WorkflowService
from trunkline_cli.planned_table import PlannedTable


@dataclass(frozen=True)
class Operator:
    """The repositories and services of a deployment, used with the AWS credentials of its operator."""

    table: Table
    tenants: TenantRepository
    keys: ApiKeyService
    trunks: TrunkRepository
    agents: AgentRepository
    workflows: WorkflowService
    tools: ToolService
    livekit: LiveKitSecret
    wakes: WakeQueue

    def planned(self) -> Operator:
        """Return an operator that writes nothing, and reads what it would have written."""
        return replace(self, **repositories(PlannedTable(self.table)))

    def tenant_id(self, name_or_id: str) -> str:
        """Return the id of a tenant.

        Raises:
            NotFound: there is no such tenant.
        """
        tenant_id = self.tenants.find(name_or_id)
        if tenant_id is None:
            raise NotFound(
                f"tenant {name_or_id} not found; create it with `trunkline tenants create {name_or_id}`"
            )
        return tenant_id

    def principal(self, tenant: str, *, livemode: bool = True) -> Principal:
        """Return a principal that acts for a tenant, without scope limits; the audit log shows `operator`."""
        actor = Actor("operator", name=getpass.getuser())
        return Principal(self.tenant_id(tenant), livemode, frozenset(), actor=actor)

    def create_key(
        self, tenant: str, name: str, scopes: list[str], *, livemode: bool, **limits: object
    ) -> str:
        """Create an API key and return it; `limits` are further fields of `KeySpec`.

        Raises:
            InvalidRequest: a scope is unknown, or a limit out of range.
        """
        environment = "live" if livemode else "test"
        fields = {"name": name, "scopes": scopes, "environment": environment} | limits
        return self.keys.create(self.principal(tenant), validated(KeySpec, fields))["key"]

    def list_keys(self, tenant: str) -> list[ApiKeyView]:
        """Return the live and test keys of a tenant."""
        return self.keys.list(self.principal(tenant))["data"]

    def revoke_key(self, tenant: str, key_id: str) -> None:
        """Revoke a key and its sessions.

        Raises:
            NotFound: the tenant has no such key.
        """
        self.keys.delete(self.principal(tenant), key_id)

    def set_tenant(self, tenant: str, settings: Mapping[str, int | None]) -> None:
        """Change some settings of a tenant; None removes a limit.

        Limits that are enforced elsewhere are copied there: concurrency to the trunks, the default request
        rate to the API keys. A repeat changes nothing but copies again, in case an earlier one broke off.
        """
        tenant_id = self.tenant_id(tenant)
        principal = self.principal(tenant_id)
        before = self.tenants.settings(tenant_id)
        changed = [name for name, value in settings.items() if getattr(before, name) != value]
        if changed:
            entry = audit_write(principal, SystemClock().wall_ms(), "tenant.changed", tenant_id, changed)
            self.tenants.set(tenant_id, settings, [entry])
        if "max_calls_in_progress" in settings:
            self.trunks.limit_total(tenant_id, settings["max_calls_in_progress"])
        if "requests_per_minute" in settings:
            default = settings["requests_per_minute"] or DEFAULT_PER_MINUTE
            self.keys.ensure_default(principal, default)

    def create_trunk(self, spec: TrunkSpec, tenants: list[str]) -> Trunk:
        """Create a trunk and grant it to tenants.

        Its LiveKit project is the deployment's, or the tenant's own if the spec says so.

        Raises:
            InvalidRequest: a trunk of a tenant's own LiveKit project is granted to none or to several.
        """
        principals = [self.principal(tenant) for tenant in tenants]
        if spec.own_livekit and len(principals) != 1:
            raise InvalidRequest(
                "a trunk of a tenant's own LiveKit project must be granted to that one tenant"
            )
        trunk = self.build_trunk(spec, principals[0].tenant_id if principals else "")
        self.trunks.create(trunk)
        for principal in principals:
            self._grant(trunk.id, principal)
        return trunk

    def build_trunk(self, spec: TrunkSpec, tenant_id: str) -> Trunk:
        """Return the trunk that a spec describes, without storing it.

        Raises:
            InvalidRequest: the spec asks for the tenant's own LiveKit project, and there is none.
        """
        if not spec.own_livekit:
            return spec.trunk(self.livekit.read().project)
        item = self.table.get(own_livekit_key(tenant_id))
        if item is None:
            raise InvalidRequest("the tenant has no LiveKit project of its own; set it with PUT /livekit")
        project = LiveKitCredentials(item["url"], item["api_key"], "").project
        return replace(spec.trunk(project), livekit_tenant_id=tenant_id)

    def grant_trunk(self, trunk_id: str, tenant: str, max_concurrent_calls: int | None = None) -> None:
        """Allow a tenant to call over a trunk, with a limit of its own.

        Raises:
            NotFound: the trunk or the tenant is unknown.
            InvalidRequest: the trunk belongs to another tenant's own LiveKit project.
        """
        trunk, principal = self.trunks.load(trunk_id), self.principal(tenant)
        if trunk is None:
            raise NotFound(f"trunk {trunk_id} not found")
        if trunk.livekit_tenant_id not in (None, principal.tenant_id):
            raise InvalidRequest("the trunk belongs to another tenant's own LiveKit project")
        self._grant(trunk_id, principal, max_concurrent_calls)

    def _grant(self, trunk_id: str, principal: Principal, max_concurrent_calls: int | None = None) -> None:
        state = self.trunks.state(trunk_id)
        before = state.tenants.get(principal.tenant_id) if state else None
        changed = ["max_concurrent_calls"] if max_concurrent_calls != before else []
        audit_entry = audit_write(principal, SystemClock().wall_ms(), "trunk.granted", trunk_id, changed)
        self.trunks.grant(trunk_id, principal.tenant_id, max_concurrent_calls, [audit_entry])

    def set_trunk_paused(self, trunk_id: str, *, paused: bool) -> None:
        """Pause or resume a trunk for all its tenants, who cannot undo it. Resuming closes its breaker.

        Raises:
            NotFound: there is no such trunk.
        """
        state = self.trunks.state(trunk_id)
        if state is None:
            raise NotFound(f"trunk {trunk_id} not found")
        if state.settings.operator_paused == paused and (paused or state.breaker is None):
            return
        action = "paused" if paused else "resumed"
        now_ms = SystemClock().wall_ms()
        event = TrunkEvent(f"trunk.{action}", f"{action}_by_operator", now_ms)
        principals = [self.principal(tenant_id) for tenant_id in state.tenants]
        audit_entries = [
            audit_write(principal, now_ms, f"trunk.{action}", trunk_id, ["operator_paused"])
            for principal in principals
        ]
        self.trunks.set(trunk_id, {"operator_paused": paused}, event, audit_entries, resumes=not paused)
        if not paused:
            self.wakes.send(DialWakeup(trunk_id))

    def trunk_states(self) -> Iterator[TrunkState]:
        """Yield the current state of every trunk."""
        states = (self.trunks.state(trunk_id) for trunk_id in self.trunks.ids())
        return (state for state in states if state)

    def create_agent(self, tenant: str, spec: AgentSpec) -> Agent:
        """Create an agent.

        Raises:
            AlreadyExists: the tenant has an agent of that name.
            NotFound: the tenant has no such trunk or tool.
        """
        principal = self.principal(tenant)
        agent = self.build_agent(principal.tenant_id, spec)
        audit_entry = audit_write(principal, SystemClock().wall_ms(), "agent.created", agent.id)
        self.agents.create(agent, [audit_entry])
        return agent

    def build_agent(self, tenant_id: str, spec: AgentSpec) -> Agent:
        """Return the agent that a spec describes, without storing it.

        Raises:
            NotFound: the tenant has no such trunk or tool.
        """
        self.tools.repository.require(tenant_id, spec.tools)
        trunk = self.trunks.find(tenant_id, spec.trunk) if spec.trunk else None
        if spec.trunk and trunk is None:
            raise NotFound(f"the tenant has no trunk {spec.trunk}")
        return spec.agent(tenant_id, trunk)

    def set_livekit(self, url: str, api_key: str, api_secret: str) -> None:
        """Try the credentials of the deployment's LiveKit project, store them, and let refused trunks dial.

        Raises:
            InvalidRequest: the URL has another scheme than http(s) or ws(s).
            LiveKitFailed: LiveKit refuses the credentials, or does not respond; nothing is stored.
        """
        if not url.startswith(("https://", "wss://", "http://", "ws://")):
            raise InvalidRequest("the URL must begin with https:// or wss://")
        credentials = LiveKitCredentials(url, api_key, api_secret)
        try_credentials(credentials)
        self.livekit.write(credentials)
        for state in self.trunk_states():
            if state.declared.livekit_tenant_id is None:
                self._end_refusal(state.declared.id, [self.principal(tenant) for tenant in state.tenants])

    def _end_refusal(self, trunk_id: str, grantees: Sequence[Principal]) -> None:
        """Resume a trunk if LiveKit refused it; the operator's and the tenant's own pauses stay."""
        now_ms = SystemClock().wall_ms()
        audits = [audit_write(each, now_ms, "trunk.resumed", trunk_id) for each in grantees]
        if self.trunks.end_refusal(trunk_id, now_ms, audits):
            self.wakes.send(DialWakeup(trunk_id))


def _check_url(url: str, field: str) -> None:
    """Reject URLs that are unsafe by their text alone; addresses are checked again at each connection."""
    try:
        parse_target(url, AddressPolicy(range(1, 65_536)))
    except UnsafeAddress as error:
        raise InvalidRequest(f"{field}: {error.reason}", field=field) from error


def open_operator(outputs: Mapping[str, str]) -> Operator:
    """Open a deployment by the outputs of its stack, with the AWS credentials of the environment."""
    secrets = boto3.client("secretsmanager")
    table = Table(boto3.client("dynamodb"), outputs["TableName"])
    pepper = secrets.get_secret_value(SecretId=outputs["KeyPepperArn"])["SecretString"]
    clock = SystemClock()
    return Operator(
        **repositories(table),
        keys=ApiKeyService(ApiKeyRepository(table), TenantSettingsCache(table, clock), pepper, clock),
        livekit=LiveKitSecret(secrets, outputs["LiveKitSecretArn"], clock),
        wakes=WakeQueue(boto3.client("sqs"), outputs["DialQueueUrl"], outputs["TestDialQueueUrl"]),
    )


def repositories(table: Table) -> dict[str, Any]:
    """Return the operator's table, and what reads and writes a declaration's resources in it."""
    clock, tools, agents = SystemClock(), ToolRepository(table), AgentRepository(table)
    # Only names of secrets are read here, so no KMS key is needed.
    secrets = SecretRepository(table, EnvelopeCipher(""))
    return {
        "table": table,
        "tenants": TenantRepository(table),
        "trunks": TrunkRepository(table),
        "agents": agents,
        "tools": ToolService(tools, secrets, _check_url, lambda *_: None, clock),
        "workflows": WorkflowService(WorkflowRepository(table), agents, tools, clock, lambda *_: False),
    }
