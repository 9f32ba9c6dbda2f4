import { useRouteContext } from "@tanstack/react-router";
import { useMode } from "~/shell/use-mode";
import { allows, modeOf, type Session } from "./session";
import type { Mode } from "./mode";

/** The session of a page below `_app`: who is signed in, whether it has a scope, and the mode. */
export function useSession(): { session: Session; allows: (scope: string) => boolean; mode: Mode } {
  const { session } = useRouteContext({ from: "/_app" });
  useMode();
  return { session, allows: (scope) => allows(session, scope), mode: modeOf(session) };
}
