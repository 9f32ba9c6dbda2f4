/** What happened in a call, step by step, in sentences. Pure. */
import type { Tone } from "~/theme/tones";
import { ENDS, textIn, type CallView, type TimelineEntry } from "./timeline";

export interface Step {
  title: string;
  text: string | null;
  tone: Tone;
  /** A time that the step names: until when it waits. */
  until: string | null;
}

/** The API's sentence for a reason. */
export type ReasonTexts = (reason: string) => string;

const RETURNED: Record<string, string> = {
  carrier_too_fast:
    "The carrier refused the pace. No attempt is spent: the call keeps its place in the line.",
  dialer_lost: "The process that was to dial it ended. The call keeps its place in the line.",
  livekit_unavailable: "LiveKit did not respond. The call keeps its place in the line.",
  not_sent: "It was not sent in time. The call keeps its place in the line.",
  rules_not_read: "The calling rules could not be read. The call keeps its place in the line.",
  run_ended: "The process that was to dial it was over time. The call keeps its place in the line.",
  step_not_taken: "A write failed before it was dialled. The call keeps its place in the line.",
  too_late: "It was too late for its start. The call keeps its place in the line.",
};

const WAITS: Record<string, string> = {
  scheduled: "Waits for its start time.",
  outside_window: "Waits until its calling window opens.",
  called_too_often: "Waits because its number was called too often lately.",
  unknown_zone: "Waits for a time zone: none can be derived from its number.",
};

const MACHINES: Record<string, string> = {
  human: "A person picked up.",
  machine: "An answering machine picked up.",
  "machine-vm": "A voicemail box picked up.",
  "machine-ivr": "A voice menu picked up.",
  "machine-unavailable": "A mailbox that takes no messages picked up.",
  uncertain: "It is not certain who picked up.",
  unknown: "It is not known who picked up.",
};

type Write = (entry: TimelineEntry, call: CallView, reasons: ReasonTexts) => Step;

const STEPS: Record<string, Write> = {
  initiated: (_, call) => step("Accepted", sourceText(call), "info"),
  scheduled: (entry) => ({ ...step("Scheduled", waitText(entry), "later"), until: entry.until }),
  pending: () => step("Waits for the caller to join", "The token for it has been handed out.", "info"),
  queued: queuedStep,
  connecting: (_, call) =>
    call.channel === "web"
      ? step("Somebody joined", "The caller waited until the agent was there, too.", "warn")
      : step("Dialled", "The agent was in the room, and the phone was dialled.", "warn"),
  active: (_, call) =>
    step(call.channel === "web" ? "Connected" : "Answered", "Person and agent are connected.", "good"),
  answering_machine: (entry) =>
    step(
      "Who picked up",
      MACHINES[textIn(entry.data, "result") ?? ""] ?? textIn(entry.data, "result"),
      "idle",
    ),
  agent_changed: (entry) =>
    step("Agent changed", `${textIn(entry.data, "agent") ?? "Another agent"} took over.`, "info"),
  agent_lost: (entry) =>
    step(
      "Agent lost",
      entry.data.then === "redispatch" ? "It is sent in once more." : "The call is hung up.",
      "bad",
    ),
  agent_ended: (entry) => step("The agent ended the call", entry.reason, "idle"),
  summary: () => step("Summary written", "The agent reported what came of the call.", "idle"),
  rescheduled: (entry) => ({
    ...step("Rescheduled", "It waits for its new time.", "later"),
    until: entry.until,
  }),
  cancel_requested: () =>
    step("Hang-up requested", "LiveKit is asked to remove the leg until it is gone.", "warn"),
  erased: () => step("Erased", "The personal data of the call was deleted.", "idle"),
  tool_invoked: toolStep,
};

/** The step that an entry of the timeline tells of. */
export function stepOf(entry: TimelineEntry, call: CallView, reasons: ReasonTexts): Step {
  if (ENDS.has(entry.type)) return endStep(entry, call, reasons);
  return STEPS[entry.type]?.(entry, call, reasons) ?? step(capital(entry.type), null, "idle");
}

function queuedStep(entry: TimelineEntry, _: CallView, reasons: ReasonTexts): Step {
  const { reason, until } = entry;
  if (reason === null) return step("In line", "It waits for its turn on the trunk.", "info");
  const returned = RETURNED[reason];
  if (returned) return { ...step("Back in line", withCode(returned, entry), "warn"), until };
  const waits = WAITS[reason];
  if (waits) return { ...step("Waits", waits, "later"), until };
  const attempt = typeof entry.data.attempt === "number" ? ` ${entry.data.attempt}` : "";
  return { ...step(`Attempt${attempt} failed`, withCode(reasons(reason), entry), "warn"), until };
}

function toolStep(entry: TimelineEntry): Step {
  const name = textIn(entry.data, "tool") ?? "a tool";
  const latency = typeof entry.data.latency_ms === "number" ? ` in ${entry.data.latency_ms} ms` : "";
  const failure = textIn(entry.data, "message") ?? textIn(entry.data, "error");
  if (failure) return step(`Tool ${name} failed${latency}`, failure, "bad");
  return step(`Tool ${name} was used`, `It ran${latency}.`, "good");
}

const END_TITLES: Record<string, string> = {
  completed: "Completed",
  failed: "Failed",
  cancelled: "Cancelled",
  disconnected: "Disconnected",
  timeout: "Timed out",
};

function endStep(entry: TimelineEntry, call: CallView, reasons: ReasonTexts): Step {
  const written = call.reason_text ?? (entry.reason ? withCode(reasons(entry.reason), entry) : null);
  const doubt = entry.data.confirmed === false ? " LiveKit has not confirmed the end." : "";
  const tones: Record<string, Tone> = { completed: "good", failed: "bad", cancelled: "idle" };
  return step(
    END_TITLES[entry.type] ?? "Ended",
    written === null ? null : written + doubt,
    tones[entry.type] ?? "warn",
  );
}

function waitText(entry: TimelineEntry): string {
  return WAITS[entry.reason ?? "scheduled"] ?? "Waits for its start time.";
}

const SOURCES: Record<string, string> = {
  api: "Requested through the API or the dashboard.",
  schedule: "Started by a schedule.",
  trigger: "Started by a trigger.",
  batch: "A row of a batch.",
};

function sourceText(call: CallView): string | null {
  return call.batch
    ? `Row ${call.batch.row} of a batch.`
    : (SOURCES[textIn(call.data.metadata, "source") ?? ""] ?? null);
}

function withCode(text: string, { sipStatusCode }: TimelineEntry): string {
  return sipStatusCode === null ? text : `${text.replace(/\.$/, "")} (SIP ${sipStatusCode}).`;
}

function step(title: string, text: string | null, tone: Tone): Step {
  return { title, text, tone, until: null };
}

function capital(word: string): string {
  const text = word.replaceAll("_", " ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}
