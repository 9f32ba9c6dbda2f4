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
import { workflowsQuery, type Agent } from "../build/queries";
import { usersOfAgent } from "../build/users";

const VersionPages = lazy(async () => ({ default: (await import("../build/VersionPages")).VersionPages }));

const AgentForm = lazy(async () => ({ default: (await import("./AgentForm")).AgentForm }));

const EVERY_MS = 15_000;

/** One agent: its settings, its versions, its JSON. */
export function AgentPage() {
  const { agentId } = useParams({ from: "/_app/agents_/$agentId" });
  const { tab } = useSearch({ from: "/_app/agents_/$agentId" });
  const path = { agent_id: agentId };
  const query = useLive({
    everyMs: EVERY_MS,
    queryKey: ["agents", agentId],
    queryFn: ({ signal }) => body(api.GET("/api/v1/agents/{agent_id}", { params: { path }, signal })),
  });
  return (
    <Page title={query.data?.name ?? "Agent"} actions={query.data && <Delete agent={query.data} />}>
      <PageState query={query}>
        {(agent) => (
          <>
            <IdText id={agent.id} what="agent id" />
            <Tabs
              label="Parts of the agent"
              tabs={[
                [undefined, "Settings"],
                ["versions", "Versions"],
                ["json", "JSON"],
              ]}
            />
            {tab === undefined && <AgentForm key={agent.id} agent={agent} onSaved={() => undefined} />}
            {tab === "versions" && (
              <VersionPages
                queryKey={["agents", agentId]}
                read={(page) =>
                  body(api.GET("/api/v1/agents/{agent_id}/versions", { params: { path, query: page } }))
                }
              />
            )}
            {tab === "json" && <JsonView value={agent} what="agent" />}
          </>
        )}
      </PageState>
    </Page>
  );
}

function Delete({ agent }: { agent: Agent }) {
  const navigate = useNavigate();
  const workflows = useQuery(workflowsQuery).data ?? [];
  const params = { path: { agent_id: agent.id } };
  return (
    <DeleteButton
      scope="agents:write"
      what={`agent ${agent.name}`}
      users={usersOfAgent(agent.name, workflows)}
      remove={() => body(api.DELETE("/api/v1/agents/{agent_id}", { params }))}
      leave={() => navigate({ to: "/agents" })}
      list="agents"
    >
      New calls with it are refused. Calls that were accepted go on with the agent as it was.
    </DeleteButton>
  );
}
