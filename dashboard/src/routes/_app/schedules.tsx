import { createFileRoute } from "@tanstack/react-router";
import { flagOf } from "~/lib/search";
import { SchedulesPage } from "~/pages/schedules/SchedulesPage";

export const Route = createFileRoute("/_app/schedules")({
  validateSearch: (search): { create?: true | undefined } => ({ create: flagOf(search.create) }),
  component: SchedulesPage,
});
