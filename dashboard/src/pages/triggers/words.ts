/** A trigger's words in sentences, and requests to copy. Pure. Source: `docs/triggers.md`. */
import type { Tone } from "~/theme/tones";
import type { Trigger } from "./queries";

export const KINDS: { value: Trigger["kind"]; label: string }[] = [
  { value: "workflow", label: "A workflow call" },
  { value: "outbound", label: "A phone call" },
  { value: "schedule", label: "A phone call at a time" },
];

const KIND_WORDS: Record<string, string> = {
  workflow: "workflow call",
  outbound: "phone call",
  schedule: "scheduled call",
};

export function kindWords(kind: string): string {
  return KIND_WORDS[kind] ?? kind;
}

/** A body to begin with, for each kind. */
export const EXAMPLES: Record<string, Record<string, unknown>> = {
  workflow: { user_id: "{{event.user.id}}" },
  outbound: { phoneNumber: "{{event.phone}}" },
  schedule: { phoneNumber: "{{event.phone}}", earliestAt: "{{event.call_at}}" },
};

const OUTCOMES: Record<string, { tone: Tone; text: string }> = {
  called: { tone: "good", text: "The event created a call." },
  duplicate: { tone: "idle", text: "An event with this id had already created its call." },
  ignored: { tone: "idle", text: "The condition did not match." },
  refused: { tone: "bad", text: "No call was created. The same event can be sent again." },
};

export function outcomeTone(outcome: string): Tone {
  return OUTCOMES[outcome]?.tone ?? "info";
}

/** What came of an event, in a sentence: for a refusal the API's own. */
export function outcomeText(event: { outcome: string; error: string | null }): string {
  return event.error ?? OUTCOMES[event.outcome]?.text ?? event.outcome.replaceAll("_", " ");
}

/** An event that has each value that the trigger's templates name. */
export function exampleEvent(trigger: Pick<Trigger, "body" | "event_id">): Record<string, unknown> {
  const event: Record<string, unknown> = {};
  const templates = JSON.stringify([trigger.event_id, trigger.body]);
  for (const [, path] of templates.matchAll(/\{\{\s*event\.([A-Za-z0-9_.]{1,200})/g)) put(event, path ?? "");
  return event;
}

function put(event: Record<string, unknown>, path: string): void {
  const names = path.split(".").filter((name) => name !== "" && name !== "__proto__");
  const last = names.pop();
  if (last === undefined) return;
  let at = event;
  for (const name of names) {
    const next = at[name];
    if (typeof next !== "object" || next === null) at[name] = {};
    at = at[name] as Record<string, unknown>;
  }
  at[last] ??= last.includes("phone") ? "+15550100001" : `example-${last}`;
}

/** The request that sends an event; without a secret at hand, with its place. */
export function sendCommand(trigger: Trigger, secret = "$SECRET"): string {
  const event = JSON.stringify(exampleEvent(trigger)).replaceAll("'", "'\\''");
  return `curl -X POST ${trigger.url} \\
  -H "Authorization: Bearer ${secret}" -H "Content-Type: application/json" \\
  -d '${event}'`;
}
