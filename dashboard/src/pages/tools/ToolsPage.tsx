import { lazy } from "react";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { Plus } from "lucide-react";
import { useLive } from "~/api/live";
import type { Column } from "~/components/data-table";
import { DataTable } from "~/components/DataTable";
import { Page } from "~/components/Page";
import { Empty, PageState } from "~/components/PageState";
import { ScopedButton } from "~/components/ScopedButton";
import { Tabs } from "~/components/Tabs";
import { Time } from "~/components/Time";
import classes from "../build/build.module.css";
import { curl } from "../build/curl";
import { toolsQuery, type Tool } from "../build/queries";

const Secrets = lazy(async () => ({ default: (await import("./Secrets")).Secrets }));

const ToolForm = lazy(async () => ({ default: (await import("./ToolForm")).ToolForm }));

const EVERY_MS = 10_000;

/** The tenant's tools and their secrets, or the form of a new tool. */
export function ToolsPage() {
  const { create, tab } = useSearch({ from: "/_app/tools" });
  const navigate = useNavigate();
  const open = ({ name }: Tool) => void navigate({ to: "/tools/$tool", params: { tool: name } });
  if (create) {
    return (
      <Page title="New tool" text="Actions that an agent can run during a call.">
        <ToolForm onSaved={open} onCancel={() => void navigate({ to: "/tools" })} />
      </Page>
    );
  }
  return (
    <Page
      title="Tools"
      text="What agents can do during a call, and the secrets that these requests need."
      actions={
        <ScopedButton
          scope="tools:write"
          leftSection={<Plus size={14} />}
          onClick={() => void navigate({ to: "/tools", search: { create: true } })}
        >
          New tool
        </ScopedButton>
      }
    >
      <Tabs
        label="Tools and secrets"
        tabs={[
          [undefined, "Tools"],
          ["secrets", "Secrets"],
        ]}
      />
      {tab === "secrets" ? <Secrets /> : <Tools onOpen={open} />}
    </Page>
  );
}

function Tools({ onOpen }: { onOpen: (tool: Tool) => void }) {
  const query = useLive({ ...toolsQuery, everyMs: EVERY_MS });
  return (
    <PageState query={query} empty={{ when: (tools) => tools.length === 0, show: <NoTools /> }}>
      {(tools) => (
        <DataTable label="Tools" rows={tools} columns={COLUMNS} rowId={(tool) => tool.name} onOpen={onOpen} />
      )}
    </PageState>
  );
}

function NoTools() {
  return (
    <Empty
      title="No tools yet"
      text="A tool calls your backend, changes the workflow's state, transfers to another agent or ends the call."
      code={curl("POST", "/api/v1/tools", { name: "hang_up", config: { actions: [{ type: "end_call" }] } })}
    />
  );
}

function actionsOf({ config }: Tool): string {
  const actions: unknown[] = Array.isArray(config.actions) ? config.actions : [];
  return actions
    .map((action) => (action as { type?: unknown } | null)?.type)
    .filter((type) => typeof type === "string")
    .join(", ")
    .replaceAll("_", " ");
}

const COLUMNS: Column<Tool>[] = [
  {
    id: "name",
    header: "Name",
    cell: (tool) => <code className={classes.names}>{tool.name}</code>,
    sortBy: (tool) => tool.name.toLowerCase(),
  },
  {
    id: "description",
    header: "Description",
    hideBelow: 640,
    cell: (tool) => <span className={classes.names}>{tool.description || "–"}</span>,
  },
  {
    id: "actions",
    header: "Actions",
    hideBelow: 760,
    cell: (tool) => <span className={classes.names}>{actionsOf(tool)}</span>,
  },
  { id: "version", header: "Version", width: "90px", align: "end", cell: (tool) => tool.version },
  {
    id: "updated",
    header: "Changed",
    width: "110px",
    align: "end",
    cell: (tool) => <Time at={tool.updated_at} />,
    sortBy: (tool) => tool.updated_at,
  },
];
