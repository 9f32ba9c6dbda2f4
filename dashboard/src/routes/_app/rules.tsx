import { createFileRoute } from "@tanstack/react-router";
import { rulesSearch } from "~/pages/rules/filters";
import { RulesPage } from "~/pages/rules/RulesPage";

export const Route = createFileRoute("/_app/rules")({
  validateSearch: rulesSearch,
  component: RulesPage,
});
