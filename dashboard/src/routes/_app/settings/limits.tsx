import { createFileRoute } from "@tanstack/react-router";
import { LimitsPage } from "~/pages/settings/LimitsPage";

export const Route = createFileRoute("/_app/settings/limits")({ component: LimitsPage });
