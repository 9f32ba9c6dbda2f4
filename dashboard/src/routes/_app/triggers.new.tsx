import { createFileRoute } from "@tanstack/react-router";
import { NewTriggerPage } from "~/pages/triggers/NewTriggerPage";

export const Route = createFileRoute("/_app/triggers/new")({ component: NewTriggerPage });
