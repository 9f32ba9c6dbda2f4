import { createFileRoute } from "@tanstack/react-router";
import { nowSearch } from "~/pages/now/filters";
import { NowPage } from "~/pages/now/NowPage";

export const Route = createFileRoute("/_app/now")({
  validateSearch: nowSearch,
  component: NowPage,
});
