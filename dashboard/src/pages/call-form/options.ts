/** What the form offers: agents, workflows, test numbers. */
import { queryOptions, useQuery } from "@tanstack/react-query";
import { allPages } from "~/api/all-pages";
import { api, body, MODE_HEADER, type Schemas } from "~/api/client";
import { configQuery } from "~/api/config";
import type { Mode } from "~/api/mode";
import { referenceQuery } from "~/api/reference";
import { modesOf } from "~/api/session";
import { useSession } from "~/api/use-session";

function agentsQuery(mode: Mode) {
  return queryOptions({
    queryKey: ["place-call", "agents", mode],
    queryFn: ({ signal }) =>
      allPages((query) =>
        body(api.GET("/api/v1/agents", { params: { query }, headers: { [MODE_HEADER]: mode }, signal })),
      ),
  });
}

function workflowsQuery(mode: Mode) {
  return queryOptions({
    queryKey: ["place-call", "workflows", mode],
    queryFn: ({ signal }) =>
      allPages((query) =>
        body(api.GET("/api/v1/workflows", { params: { query }, headers: { [MODE_HEADER]: mode }, signal })),
      ),
  });
}

/** Those of this mode first; a test call may use live ones, too, where the session sees them. */
function ofBothModes<Item>(
  own: Item[] | undefined,
  live: Item[] | undefined,
  nameOf: (item: Item) => string,
): Item[] {
  const known = new Set(own?.map(nameOf));
  return [...(own ?? []), ...(live ?? []).filter((item) => !known.has(nameOf(item)))];
}

export type Agent = Schemas["AgentView"];
export type Workflow = Schemas["WorkflowView"];

export function useAgents(): { agents: Agent[]; isLoading: boolean } {
  const { session, allows, mode } = useSession();
  const isAllowed = allows("agents:read");
  const own = useQuery({ ...agentsQuery(mode), enabled: isAllowed });
  const seesLive = mode === "test" && modesOf(session).includes("live");
  const live = useQuery({ ...agentsQuery("live"), enabled: isAllowed && seesLive });
  return {
    agents: ofBothModes(own.data, seesLive ? live.data : [], ({ name }) => name),
    isLoading: own.isLoading,
  };
}

export function useWorkflows(): { workflows: Workflow[]; isLoading: boolean } {
  const { session, allows, mode } = useSession();
  const isAllowed = allows("workflows:read");
  const own = useQuery({ ...workflowsQuery(mode), enabled: isAllowed });
  const seesLive = mode === "test" && modesOf(session).includes("live");
  const live = useQuery({ ...workflowsQuery("live"), enabled: isAllowed && seesLive });
  return {
    workflows: ofBothModes(own.data, seesLive ? live.data : [], ({ slug }) => slug),
    isLoading: own.isLoading,
  };
}

/** Numbers that ring no phone: in test mode, and on a local stack, whose carrier is a stand-in. */
export function useTestNumbers(): { number: string; text: string }[] {
  const { mode } = useSession();
  const { data: config } = useQuery(configQuery);
  const { data } = useQuery(referenceQuery);
  if (mode !== "test" && config?.stage !== "local") return [];
  return Object.entries(data?.test_numbers ?? {}).map(([number, text]) => ({ number, text }));
}
