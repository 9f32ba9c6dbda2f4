import { createFileRoute } from "@tanstack/react-router";
import { oneOf } from "~/lib/search";
import { ToolPage } from "~/pages/tools/ToolPage";

const TABS = ["try", "versions", "json"] as const;

export const Route = createFileRoute("/_app/tools_/$tool")({
  validateSearch: (search): { tab?: (typeof TABS)[number] | undefined } => ({ tab: oneOf(search.tab, TABS) }),
  component: ToolPage,
});
