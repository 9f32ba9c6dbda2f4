import { createFileRoute } from "@tanstack/react-router";
import { oneOf } from "~/lib/search";
import { SchedulePage } from "~/pages/schedules/SchedulePage";

const TABS = ["settings", "json"] as const;

export const Route = createFileRoute("/_app/schedules_/$scheduleId")({
  validateSearch: (search): { tab?: (typeof TABS)[number] | undefined } => ({ tab: oneOf(search.tab, TABS) }),
  component: SchedulePage,
});
