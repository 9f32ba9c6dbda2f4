import { createFileRoute } from "@tanstack/react-router";
import { CallsPage } from "~/pages/calls/CallsPage";
import { callFilters } from "~/pages/calls/filters";

export const Route = createFileRoute("/_app/calls")({
  validateSearch: callFilters,
  component: CallsPage,
});
