import { createFileRoute } from "@tanstack/react-router";
import { TriggerPage } from "~/pages/triggers/TriggerPage";

export const Route = createFileRoute("/_app/triggers/$triggerId")({ component: TriggerPage });
