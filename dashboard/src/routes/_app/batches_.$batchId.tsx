import { createFileRoute } from "@tanstack/react-router";
import { BatchPage } from "~/pages/batches/BatchPage";
import { batchSearch } from "~/pages/batches/filters";

export const Route = createFileRoute("/_app/batches_/$batchId")({
  validateSearch: batchSearch,
  component: BatchPage,
});
