import { createFileRoute } from "@tanstack/react-router";
import { webhooksSearch } from "~/pages/webhooks/filters";
import { WebhooksPage } from "~/pages/webhooks/WebhooksPage";

export const Route = createFileRoute("/_app/webhooks")({
  validateSearch: webhooksSearch,
  component: WebhooksPage,
});
