import { createFileRoute, redirect } from "@tanstack/react-router";

/** The first page is the one of what happens now. */
export const Route = createFileRoute("/_app/")({
  beforeLoad: () => {
    throw redirect({ to: "/now", replace: true });
  },
});
