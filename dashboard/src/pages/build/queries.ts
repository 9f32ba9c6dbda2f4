/** The lists of what a tenant builds with; each is short enough to be read as a whole. */
import { queryOptions, useQuery } from "@tanstack/react-query";
import { allPages } from "~/api/all-pages";
import { api, body, type Schemas } from "~/api/client";

export type Agent = Schemas["AgentView"];
export type Workflow = Schemas["WorkflowView"];
export type Tool = Schemas["ToolView"];
export type Secret = Schemas["SecretView"];

export const agentsQuery = queryOptions({
  queryKey: ["agents"],
  queryFn: ({ signal }) =>
    allPages((query) => body(api.GET("/api/v1/agents", { params: { query }, signal }))),
});

export const workflowsQuery = queryOptions({
  queryKey: ["workflows"],
  queryFn: ({ signal }) =>
    allPages((query) => body(api.GET("/api/v1/workflows", { params: { query }, signal }))),
});

export const toolsQuery = queryOptions({
  queryKey: ["tools"],
  queryFn: ({ signal }) => allPages((query) => body(api.GET("/api/v1/tools", { params: { query }, signal }))),
});

export const secretsQuery = queryOptions({
  queryKey: ["secrets"],
  queryFn: ({ signal }) =>
    allPages((query) => body(api.GET("/api/v1/secrets", { params: { query }, signal }))),
});

const trunksQuery = queryOptions({
  queryKey: ["trunks", "choices"],
  queryFn: async ({ signal }) => (await body(api.GET("/api/v1/trunks", { signal }))).data,
});

/** What a form can choose from; a list that the session may not read is empty, and the form still works. */
export function useChoices() {
  const agents = useQuery(agentsQuery).data ?? [];
  const tools = useQuery(toolsQuery).data ?? [];
  const trunks = useQuery(trunksQuery).data ?? [];
  return { agents, tools, trunks };
}
