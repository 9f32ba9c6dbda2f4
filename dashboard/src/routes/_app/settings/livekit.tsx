import { createFileRoute } from "@tanstack/react-router";
import { LiveKitPage } from "~/pages/settings/LiveKitPage";

export const Route = createFileRoute("/_app/settings/livekit")({ component: LiveKitPage });
