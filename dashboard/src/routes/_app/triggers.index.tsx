import { createFileRoute } from "@tanstack/react-router";
import { TriggersPage } from "~/pages/triggers/TriggersPage";

export const Route = createFileRoute("/_app/triggers/")({ component: TriggersPage });
