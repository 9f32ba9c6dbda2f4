import { createFileRoute } from "@tanstack/react-router";
import { PlaceCallPage } from "~/pages/place-call/PlaceCallPage";
import { placeCallSearch } from "~/pages/place-call/search";

export const Route = createFileRoute("/_app/place-call")({
  validateSearch: placeCallSearch,
  component: PlaceCallPage,
});
