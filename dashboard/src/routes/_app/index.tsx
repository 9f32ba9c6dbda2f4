import { createFileRoute, redirect } from "@tanstack/react-router";

/** Until there is a page of what happens now, the calls are the first page. */
export const Route = createFileRoute("/_app/")({
  beforeLoad: () => {
    throw redirect({ to: "/calls", replace: true });
  },
});
