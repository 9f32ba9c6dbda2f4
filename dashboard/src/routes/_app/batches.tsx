import { createFileRoute } from "@tanstack/react-router";
import { flagOf } from "~/lib/search";
import { BatchesPage } from "~/pages/batches/BatchesPage";

export const Route = createFileRoute("/_app/batches")({
  validateSearch: (search): { create?: true | undefined } => ({ create: flagOf(search.create) }),
  component: BatchesPage,
});
