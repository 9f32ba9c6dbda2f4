import { createFileRoute } from "@tanstack/react-router";
import { flagOf, textOf } from "~/lib/search";
import { SignInPage } from "~/pages/sign-in/SignInPage";

export interface SignInSearch {
  return_to?: string | undefined;
  /** The session ended while the person worked. */
  expired?: true | undefined;
  /** What Cognito sends back. */
  code?: string | undefined;
  state?: string | undefined;
  error?: string | undefined;
  error_description?: string | undefined;
}

export const Route = createFileRoute("/sign-in")({
  validateSearch: (search): SignInSearch => ({
    return_to: textOf(search.return_to, 2_000),
    expired: flagOf(search.expired),
    code: textOf(search.code, 2_000),
    state: textOf(search.state, 200),
    error: textOf(search.error, 100),
    error_description: textOf(search.error_description, 500),
  }),
  component: SignInPage,
});
