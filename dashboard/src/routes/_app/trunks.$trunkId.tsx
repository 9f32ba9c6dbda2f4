import { createFileRoute } from "@tanstack/react-router";
import { TrunkPage } from "~/pages/trunks/TrunkPage";

export const Route = createFileRoute("/_app/trunks/$trunkId")({ component: TrunkPage });
