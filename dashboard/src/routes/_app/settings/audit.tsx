import { createFileRoute } from "@tanstack/react-router";
import { AuditPage } from "~/pages/settings/AuditPage";
import { auditFilters } from "~/pages/settings/filters";

export const Route = createFileRoute("/_app/settings/audit")({
  validateSearch: auditFilters,
  component: AuditPage,
});
