import { lazy } from "react";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { api, body } from "~/api/client";
import { useLive } from "~/api/live";
import { IdText } from "~/components/IdText";
import { JsonView } from "~/components/JsonView";
import { Page } from "~/components/Page";
import { PageState } from "~/components/PageState";
import { Tabs } from "~/components/Tabs";
import { DeleteButton } from "../build/DeleteButton";
import { agentsQuery, workflowsQuery } from "../build/queries";
import { usersOfTool } from "../build/users";

const VersionPages = lazy(async () => ({ default: (await import("../build/VersionPages")).VersionPages }));

const TryTool = lazy(async () => ({ default: (await import("./TryTool")).TryTool }));

const ToolForm = lazy(async () => ({ default: (await import("./ToolForm")).ToolForm }));

const EVERY_MS = 15_000;

/** One tool: its settings, a trial, its versions, its JSON. */
export function ToolPage() {
  const path = useParams({ from: "/_app/tools_/$tool" });
  const { tab } = useSearch({ from: "/_app/tools_/$tool" });
  const query = useLive({
    everyMs: EVERY_MS,
    queryKey: ["tools", path.tool],
    queryFn: ({ signal }) => body(api.GET("/api/v1/tools/{tool}", { params: { path }, signal })),
  });
  return (
    <Page title={query.data?.name ?? "Tool"} actions={query.data && <Delete name={query.data.name} />}>
      <PageState query={query}>
        {(tool) => (
          <>
            <IdText id={tool.name} what="name" />
            <Tabs
              label="Parts of the tool"
              tabs={[
                [undefined, "Settings"],
                ["try", "Try"],
                ["versions", "Versions"],
                ["json", "JSON"],
              ]}
            />
            {tab === undefined && <ToolForm key={tool.name} tool={tool} onSaved={() => undefined} />}
            {tab === "try" && <TryTool key={tool.name} tool={tool} />}
            {tab === "versions" && (
              <VersionPages
                queryKey={["tools", path.tool]}
                read={(page) =>
                  body(api.GET("/api/v1/tools/{tool}/versions", { params: { path, query: page } }))
                }
              />
            )}
            {tab === "json" && <JsonView value={tool} what="tool" />}
          </>
        )}
      </PageState>
    </Page>
  );
}

function Delete({ name }: { name: string }) {
  const navigate = useNavigate();
  const workflows = useQuery(workflowsQuery).data ?? [];
  const agents = useQuery(agentsQuery).data ?? [];
  return (
    <DeleteButton
      scope="tools:write"
      what={`tool ${name}`}
      users={usersOfTool(name, workflows, agents)}
      remove={() => body(api.DELETE("/api/v1/tools/{tool}", { params: { path: { tool: name } } }))}
      leave={() => navigate({ to: "/tools" })}
      list="tools"
    >
      Calls that were accepted can still use it.
    </DeleteButton>
  );
}
