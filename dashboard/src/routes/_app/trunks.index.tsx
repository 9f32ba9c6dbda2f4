import { createFileRoute } from "@tanstack/react-router";
import { TrunksPage } from "~/pages/trunks/TrunksPage";

export const Route = createFileRoute("/_app/trunks/")({ component: TrunksPage });
