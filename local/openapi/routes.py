"""Every route of the tenants' API."""

from __future__ import annotations

from local.openapi.batch_routes import BATCHES
from local.openapi.call_routes import CALLS
from local.openapi.route import Route
from local.openapi.rule_routes import RULES
from local.openapi.schedule_routes import SCHEDULES
from local.openapi.tenant_routes import TENANT
from local.openapi.tool_routes import TOOLS
from local.openapi.trigger_routes import TRIGGERS
from local.openapi.webhook_routes import WEBHOOKS
from trunkline.agents.schemas import AgentSpec
from trunkline.agents.service import AgentList, AgentView
from trunkline.dial_queue.trunk_service import TrunkChange, TrunkList, TrunkView
from trunkline.http_api.responses import Deleted
from trunkline.workflows.schemas import WorkflowList, WorkflowSpec, WorkflowView

_NO_TRUNK = {"404": "No such trunk."}
_NO_AGENT = {"404": "No such agent."}
_NO_WORKFLOW = {"404": "No such workflow."}
_TAKEN = {"409": "There is one of this name."}
_RACED = {"409": "Another request changed it meanwhile: read it and try again."}
_IN_USE = {"409": "It is in use."}

_TRUNKS = (
    Route(
        "get",
        "/api/v1/trunks",
        "listTrunks",
        "List your trunks: state, pace, calls waiting and in progress.",
        "trunks:read",
        TrunkList,
        means="The trunks.",
        more="Counts are of your own calls.",
    ),
    Route(
        "get",
        "/api/v1/trunks/{trunk_id}",
        "getTrunk",
        "Read a trunk and its last events.",
        "trunks:read",
        TrunkView,
        means="The trunk.",
        errors=_NO_TRUNK,
    ),
    Route(
        "patch",
        "/api/v1/trunks/{trunk_id}",
        "changeTrunk",
        "Pause, resume or bound a trunk that is yours alone.",
        "trunks:write",
        TrunkView,
        means="The trunk as it is now.",
        takes=TrunkChange,
        more=(
            "A running lane takes the change up within 3 s: what was not sent returns to the line, what "
            "rings goes on. null takes a bound of yours away."
        ),
        errors=_NO_TRUNK
        | {
            "400": "A field is wrong, or above the operator's bound.",
            "403": "The key lacks the scope, or the trunk is shared with other tenants.",
        },
    ),
)

_AGENTS = (
    Route("get", "/api/v1/agents", "listAgents", "List your agents.", "agents:read", AgentList),
    Route(
        "post",
        "/api/v1/agents",
        "createAgent",
        "Make an agent: a LiveKit worker, its trunk and numbers.",
        "agents:write",
        AgentView,
        status=201,
        means="The agent.",
        takes=AgentSpec,
        errors=_TAKEN,
    ),
    Route(
        "get",
        "/api/v1/agents/{agent_id}",
        "getAgent",
        "Read an agent.",
        "agents:read",
        AgentView,
        errors=_NO_AGENT,
    ),
    Route(
        "patch",
        "/api/v1/agents/{agent_id}",
        "changeAgent",
        "Change some fields of an agent.",
        "agents:write",
        AgentView,
        takes=AgentSpec,
        partial=True,
        more="Calls that were accepted before keep the agent as it was. The name stays.",
        errors=_NO_AGENT | _RACED,
    ),
    Route(
        "delete",
        "/api/v1/agents/{agent_id}",
        "deleteAgent",
        "Delete an agent.",
        "agents:write",
        Deleted,
        more="Refused while a workflow names it.",
        errors=_NO_AGENT | _IN_USE,
    ),
)

_WORKFLOWS = (
    Route(
        "get",
        "/api/v1/workflows",
        "listWorkflows",
        "List your workflows.",
        "workflows:read",
        WorkflowList,
    ),
    Route(
        "post",
        "/api/v1/workflows",
        "createWorkflow",
        "Make a workflow.",
        "workflows:write",
        WorkflowView,
        status=201,
        means="The workflow.",
        takes=WorkflowSpec,
        errors=_TAKEN,
    ),
    Route(
        "get",
        "/api/v1/workflows/{slug}",
        "getWorkflow",
        "Read a workflow.",
        "workflows:read",
        WorkflowView,
        errors=_NO_WORKFLOW,
    ),
    Route(
        "patch",
        "/api/v1/workflows/{slug}",
        "changeWorkflow",
        "Make a new version with some fields changed.",
        "workflows:write",
        WorkflowView,
        takes=WorkflowSpec,
        partial=True,
        more="Calls keep the version they started with. The slug stays.",
        errors=_NO_WORKFLOW | _RACED,
    ),
    Route(
        "delete",
        "/api/v1/workflows/{slug}",
        "deleteWorkflow",
        "Delete a workflow.",
        "workflows:write",
        Deleted,
        more="Refused while calls of it have not ended.",
        errors=_NO_WORKFLOW | _IN_USE,
    ),
)

ROUTES = (
    CALLS
    + _TRUNKS
    + _AGENTS
    + _WORKFLOWS
    + TOOLS
    + RULES
    + TRIGGERS
    + SCHEDULES
    + BATCHES
    + WEBHOOKS
    + TENANT
)
