/** The session: who is signed in, in which modes, with which rights. */
import { queryOptions } from "@tanstack/react-query";
import { api, body, type Schemas } from "./client";
import { ApiError, networkError } from "./errors";
import { chooseMode, currentMode, type Mode } from "./mode";

/** `modes` is missing while a deployment is half done: then the key's mode is the only one. */
export type Session = Omit<Schemas["SessionView"], "modes"> & { modes?: Mode[] };

/** Whether two sessions see the same: of one tenant and key, in one mode. */
export function isSameSession(one: Session, other: Session): boolean {
  const seen = ({ tenant_id, livemode, name, scopes }: Session) =>
    JSON.stringify([tenant_id, livemode, name, scopes]);
  return seen(one) === seen(other);
}

export const sessionQuery = queryOptions({
  queryKey: ["session"],
  queryFn: async ({ signal }): Promise<Session> => {
    try {
      return await body(api.GET("/api/v1/session", { signal }));
    } catch (error) {
      // The tab chose a mode in an earlier session: this one's key does not have it.
      if (!(error instanceof ApiError) || error.type !== "mode_not_allowed") throw error;
      chooseMode(null);
      return body(api.GET("/api/v1/session", { signal }));
    }
  },
  staleTime: 60_000,
});

/** Opens a session: the cookie is HttpOnly, and the key is kept nowhere. */
export async function signIn(credential: { api_key: string } | { id_token: string }): Promise<Session> {
  const session: Session = await body(api.POST("/api/v1/session", { body: credential })).catch(
    (error: unknown) => {
      // A session that nobody got is none: there is nothing to look for before one tries again.
      throw error instanceof ApiError && error.kind === "unknown-outcome" ? networkError() : error;
    },
  );
  chooseMode(null);
  return session;
}

export async function signOut(): Promise<void> {
  await body(api.DELETE("/api/v1/session"));
  chooseMode(null);
}

/** The modes that the session may use. */
export function modesOf(session: Session): Mode[] {
  return session.modes ?? [session.livemode ? "live" : "test"];
}

/** The mode in which the session works now. */
export function modeOf(session: Session): Mode {
  const chosen = currentMode();
  return chosen && modesOf(session).includes(chosen) ? chosen : session.livemode ? "live" : "test";
}

const SAME_RIGHT: Record<string, string> = { "calls:initiate": "calls:create" };

/** Whether the session has a scope; `admin` is all. */
export function allows(session: Session, scope: string): boolean {
  const held = new Set(session.scopes.map((each) => SAME_RIGHT[each] ?? each));
  return held.has("admin") || held.has(SAME_RIGHT[scope] ?? scope);
}
