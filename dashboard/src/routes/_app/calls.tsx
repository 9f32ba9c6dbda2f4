import { createFileRoute } from "@tanstack/react-router";
import { CallsPage } from "~/pages/calls/CallsPage";
import { callsSearch } from "~/pages/calls/filters";

export const Route = createFileRoute("/_app/calls")({
  validateSearch: callsSearch,
  component: CallsPage,
});
