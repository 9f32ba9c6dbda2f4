import type { Tone } from "~/theme/tones";

/** The tone of a delivery's state. */
export function stateTone(state: string): Tone {
  return state === "succeeded" ? "good" : state === "failed" ? "bad" : "info";
}
