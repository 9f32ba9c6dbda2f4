import { createFileRoute } from "@tanstack/react-router";
import { flagOf, oneOf } from "~/lib/search";
import { ToolsPage } from "~/pages/tools/ToolsPage";

interface ToolsSearch {
  create?: true | undefined;
  tab?: "secrets" | undefined;
}

export const Route = createFileRoute("/_app/tools")({
  validateSearch: (search): ToolsSearch => ({
    create: flagOf(search.create),
    tab: oneOf(search.tab, ["secrets"] as const),
  }),
  component: ToolsPage,
});
