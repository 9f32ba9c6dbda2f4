import { createFileRoute } from "@tanstack/react-router";
import { oneOf } from "~/lib/search";
import { CallPage } from "~/pages/call/CallPage";
import { TABS, type CallTab } from "~/pages/call/tabs";

export const Route = createFileRoute("/_app/calls_/$id")({
  validateSearch: (search): { tab?: CallTab | undefined } => ({ tab: oneOf(search.tab, TABS) }),
  component: CallPage,
});
