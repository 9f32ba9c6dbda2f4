/** What a batch's state means, what ends it, and what can be done. Pure. */
import type { Tone } from "~/theme/tones";
import type { Batch } from "./queries";

const TEXTS: Record<string, string> = {
  awaiting_upload: "It waits for its rows. Upload a file to go on.",
  checking: "Its rows are checked. Nobody is called.",
  checked: "Its rows are checked, and nobody was called. Start it to create the calls.",
  importing: "Its rows become calls.",
  running: "Every row has its call. It ends with the last call.",
  completed: "Every call has ended.",
  cancelling: "Calls that do not ring yet are being cancelled. Ringing and active calls go on.",
  cancelled: "It was cancelled. What had begun went on.",
};

const TONES: Record<string, Tone> = {
  awaiting_upload: "warn",
  checking: "info",
  checked: "later",
  importing: "info",
  cancelling: "warn",
  refused: "bad",
};

const MOVING = ["checking", "importing", "running", "cancelling"];
const OPEN = [...MOVING, "awaiting_upload", "checked"];

export function stateText(batch: Batch): string {
  if (batch.status === "refused") return batch.refused_because ?? "Its rows cannot be read.";
  if (batch.paused) return "Paused: no further call of it is dialled until it is resumed.";
  return TEXTS[batch.status] ?? "";
}

/** What a list and a batch both have. */
type State = Pick<Batch, "status" | "paused">;

export function stateTone(batch: State): Tone | undefined {
  return batch.paused ? "warn" : TONES[batch.status];
}

export function stateLabel(batch: State): string {
  return batch.paused && isOpen(batch) ? "paused" : batch.status.replaceAll("_", " ");
}

export function isMoving(batch: State): boolean {
  return MOVING.includes(batch.status);
}

export function isOpen(batch: State): boolean {
  return OPEN.includes(batch.status);
}
