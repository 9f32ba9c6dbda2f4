import { createFileRoute } from "@tanstack/react-router";
import { flagOf } from "~/lib/search";
import { AgentsPage } from "~/pages/agents/AgentsPage";

export const Route = createFileRoute("/_app/agents")({
  validateSearch: (search): { create?: true | undefined } => ({ create: flagOf(search.create) }),
  component: AgentsPage,
});
