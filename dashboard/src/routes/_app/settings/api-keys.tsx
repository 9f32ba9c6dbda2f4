import { createFileRoute } from "@tanstack/react-router";
import { ApiKeysPage } from "~/pages/settings/ApiKeysPage";
import { keysSearch } from "~/pages/settings/filters";

export const Route = createFileRoute("/_app/settings/api-keys")({
  validateSearch: keysSearch,
  component: ApiKeysPage,
});
