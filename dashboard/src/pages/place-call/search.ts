/** What the address says of the form: its kind, and what it is filled in with. Pure. */
import { oneOf, textOf } from "~/lib/search";

export const KINDS = ["phone", "workflow", "web"] as const;
export type Kind = (typeof KINDS)[number];

export interface PlaceCallSearch {
  kind?: Kind | undefined;
  /** The id of a call to take the values from. */
  like?: string | undefined;
  agent?: string | undefined;
  workflow?: string | undefined;
}

export function placeCallSearch(search: Record<string, unknown>): PlaceCallSearch {
  return {
    kind: oneOf(search.kind, KINDS),
    like: textOf(search.like, 60),
    agent: textOf(search.agent, 60),
    workflow: textOf(search.workflow, 64),
  };
}
