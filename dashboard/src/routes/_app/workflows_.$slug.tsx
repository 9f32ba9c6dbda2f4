import { createFileRoute } from "@tanstack/react-router";
import { oneOf } from "~/lib/search";
import { WorkflowPage } from "~/pages/workflows/WorkflowPage";

const TABS = ["versions", "json"] as const;

export const Route = createFileRoute("/_app/workflows_/$slug")({
  validateSearch: (search): { tab?: (typeof TABS)[number] | undefined } => ({ tab: oneOf(search.tab, TABS) }),
  component: WorkflowPage,
});
