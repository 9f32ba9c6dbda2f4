import { createFileRoute } from "@tanstack/react-router";
import { flagOf } from "~/lib/search";
import { WorkflowsPage } from "~/pages/workflows/WorkflowsPage";

export const Route = createFileRoute("/_app/workflows")({
  validateSearch: (search): { create?: true | undefined } => ({ create: flagOf(search.create) }),
  component: WorkflowsPage,
});
