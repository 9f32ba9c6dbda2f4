import { createFileRoute } from "@tanstack/react-router";
import { oneOf } from "~/lib/search";
import { AgentPage } from "~/pages/agents/AgentPage";

const TABS = ["versions", "json"] as const;

export const Route = createFileRoute("/_app/agents_/$agentId")({
  validateSearch: (search): { tab?: (typeof TABS)[number] | undefined } => ({ tab: oneOf(search.tab, TABS) }),
  component: AgentPage,
});
