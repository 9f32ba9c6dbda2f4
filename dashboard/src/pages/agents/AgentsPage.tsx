import { lazy } from "react";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { Plus } from "lucide-react";
import { useLive } from "~/api/live";
import type { Column } from "~/components/data-table";
import { DataTable } from "~/components/DataTable";
import { IdText } from "~/components/IdText";
import { Page } from "~/components/Page";
import { Empty, PageState } from "~/components/PageState";
import { ScopedButton } from "~/components/ScopedButton";
import { Status } from "~/components/Status";
import classes from "../build/build.module.css";
import { curl } from "../build/curl";
import { agentsQuery, type Agent } from "../build/queries";

const AgentForm = lazy(async () => ({ default: (await import("./AgentForm")).AgentForm }));

const EVERY_MS = 10_000;

/** The tenant's agents, or the form of a new one. */
export function AgentsPage() {
  const { create } = useSearch({ from: "/_app/agents" });
  const navigate = useNavigate();
  const query = useLive({ ...agentsQuery, everyMs: EVERY_MS });
  const open = (agent: Agent) => void navigate({ to: "/agents/$agentId", params: { agentId: agent.id } });
  if (create) {
    return (
      <Page title="New agent" text="A LiveKit worker, its trunk, and how its calls are dialled.">
        <AgentForm onSaved={open} onCancel={() => void navigate({ to: "/agents" })} />
      </Page>
    );
  }
  return (
    <Page
      title="Agents"
      text="Who talks to people."
      actions={
        <ScopedButton
          scope="agents:write"
          leftSection={<Plus size={14} />}
          onClick={() => void navigate({ to: "/agents", search: { create: true } })}
        >
          New agent
        </ScopedButton>
      }
    >
      <PageState query={query} empty={{ when: (agents) => agents.length === 0, show: <NoAgents /> }}>
        {(agents) => (
          <DataTable
            label="Agents"
            rows={agents}
            columns={COLUMNS}
            rowId={(agent) => agent.id}
            onOpen={open}
          />
        )}
      </PageState>
    </Page>
  );
}

function NoAgents() {
  return (
    <Empty
      title="No agents yet"
      text="An agent is a LiveKit worker by the name that it registers, with the trunk that it calls over."
      code={curl("POST", "/api/v1/agents", { name: "Ada", livekit_agent_name: "ada" })}
    />
  );
}

const COLUMNS: Column<Agent>[] = [
  {
    id: "name",
    header: "Name",
    cell: (agent) => <span className={classes.names}>{agent.name}</span>,
    sortBy: (agent) => agent.name.toLowerCase(),
  },
  {
    id: "status",
    header: "Status",
    width: "110px",
    cell: ({ status }) => <Status value={status === "active" ? "enabled" : "disabled"} label={status} />,
    sortBy: (agent) => agent.status,
  },
  {
    id: "worker",
    header: "LiveKit agent",
    hideBelow: 640,
    cell: (agent) => <code className={classes.names}>{agent.livekit_agent_name}</code>,
  },
  {
    id: "numbers",
    header: "Calls from",
    hideBelow: 860,
    cell: (agent) => <span className="tabular">{agent.phone_numbers.join(", ") || "Web calls only"}</span>,
  },
  {
    id: "id",
    header: "Id",
    width: "150px",
    hideBelow: 760,
    cell: ({ id }) => <IdText id={id} what="agent id" short />,
  },
  {
    id: "version",
    header: "Version",
    width: "90px",
    align: "end",
    hideBelow: 420,
    cell: (agent) => agent.version,
    sortBy: (agent) => agent.version,
  },
];
