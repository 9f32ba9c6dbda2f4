import { lazy } from "react";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { Plus } from "lucide-react";
import { useLive } from "~/api/live";
import type { Column } from "~/components/data-table";
import { DataTable } from "~/components/DataTable";
import { Page } from "~/components/Page";
import { Empty, PageState } from "~/components/PageState";
import { ScopedButton } from "~/components/ScopedButton";
import { Time } from "~/components/Time";
import classes from "../build/build.module.css";
import { curl } from "../build/curl";
import { workflowsQuery, type Workflow } from "../build/queries";

const WorkflowForm = lazy(async () => ({ default: (await import("./WorkflowForm")).WorkflowForm }));

const EVERY_MS = 10_000;

/** The tenant's workflows, or the form of a new one. */
export function WorkflowsPage() {
  const { create } = useSearch({ from: "/_app/workflows" });
  const navigate = useNavigate();
  const query = useLive({ ...workflowsQuery, everyMs: EVERY_MS });
  const open = ({ slug }: Workflow) => void navigate({ to: "/workflows/$slug", params: { slug } });
  if (create) {
    return (
      <Page title="New workflow" text="Agents, tools and variables that work together in a call.">
        <WorkflowForm onSaved={open} onCancel={() => void navigate({ to: "/workflows" })} />
      </Page>
    );
  }
  return (
    <Page
      title="Workflows"
      text="Agents, tools and variables that work together in a call."
      actions={
        <ScopedButton
          scope="workflows:write"
          leftSection={<Plus size={14} />}
          onClick={() => void navigate({ to: "/workflows", search: { create: true } })}
        >
          New workflow
        </ScopedButton>
      }
    >
      <PageState query={query} empty={{ when: (found) => found.length === 0, show: <NoWorkflows /> }}>
        {(workflows) => (
          <DataTable
            label="Workflows"
            rows={workflows}
            columns={COLUMNS}
            rowId={(workflow) => workflow.slug}
            onOpen={open}
          />
        )}
      </PageState>
    </Page>
  );
}

function NoWorkflows() {
  return (
    <Empty
      title="No workflows yet"
      text="A workflow names the agent that begins a call, who may take over, and the tools."
      code={curl("POST", "/api/v1/workflows", { slug: "daily-checkin", entry_agent: "Ada" })}
    />
  );
}

const COLUMNS: Column<Workflow>[] = [
  {
    id: "slug",
    header: "Slug",
    cell: (workflow) => <code className={classes.names}>{workflow.slug}</code>,
    sortBy: (workflow) => workflow.slug,
  },
  {
    id: "name",
    header: "Name",
    hideBelow: 640,
    cell: (workflow) => <span className={classes.names}>{workflow.name}</span>,
    sortBy: (workflow) => workflow.name.toLowerCase(),
  },
  {
    id: "channel",
    header: "Channel",
    width: "90px",
    cell: (workflow) => workflow.channel,
    sortBy: (workflow) => workflow.channel,
  },
  {
    id: "agents",
    header: "Agents",
    hideBelow: 760,
    cell: (workflow) => (
      <span className={classes.names}>{[workflow.entry_agent, ...workflow.agents].join(", ")}</span>
    ),
  },
  { id: "version", header: "Version", width: "90px", align: "end", cell: (workflow) => workflow.version },
  {
    id: "updated",
    header: "Changed",
    width: "110px",
    align: "end",
    hideBelow: 520,
    cell: (workflow) => <Time at={workflow.updated_at} />,
    sortBy: (workflow) => workflow.updated_at,
  },
];
