import { createFileRoute, redirect } from "@tanstack/react-router";
import { ApiError } from "~/api/errors";
import { sessionQuery } from "~/api/session";
import { Shell } from "~/shell/Shell";

/** Every page but sign-in: it needs a session, and knows it. */
export const Route = createFileRoute("/_app")({
  beforeLoad: async ({ context, location }) => {
    try {
      return { session: await context.queryClient.query({ ...sessionQuery, staleTime: "static" }) };
    } catch (error) {
      if (!(error instanceof ApiError) || error.kind !== "signed-out") throw error;
      throw redirect({ to: "/sign-in", search: location.href === "/" ? {} : { return_to: location.href } });
    }
  },
  component: Shell,
});
