import { createFileRoute } from "@tanstack/react-router";
import { webhookSearch } from "~/pages/webhooks/filters";
import { WebhookPage } from "~/pages/webhooks/WebhookPage";

export const Route = createFileRoute("/_app/webhooks_/$webhookId")({
  validateSearch: webhookSearch,
  component: WebhookPage,
});
