/** The story of a call: each step of its timeline and each webhook delivery, in the order of time. Pure. */
import type { Schemas } from "~/api/client";
import { durationText } from "~/lib/time";
import type { Tone } from "~/theme/tones";
import type { Lane, Mark } from "./axis";
import { stepOf, type ReasonTexts } from "./sentences";
import type { CallView, TimelineEntry } from "./timeline";

export type Delivery = Schemas["DeliveryView"];

export interface StoryEntry {
  id: string;
  at: string;
  atMs: number;
  title: string;
  text: string | null;
  tone: Tone;
  until: string | null;
  kind: "call" | "tool" | "delivery";
}

/** Where a webhook goes, by its id: its host. */
export type HostOf = (webhookId: string) => string;

export function storyOf(
  call: CallView,
  entries: TimelineEntry[],
  deliveries: Delivery[],
  words: { reasons: ReasonTexts; hostOf: HostOf },
): StoryEntry[] {
  const steps = entries.map((entry, index): StoryEntry => {
    const kind = entry.type === "tool_invoked" ? "tool" : "call";
    return {
      id: `step-${index}`,
      at: entry.at,
      atMs: entry.atMs,
      kind,
      ...stepOf(entry, call, words.reasons),
    };
  });
  const sent = deliveries.map((delivery) => deliveryEntry(delivery, words.hostOf));
  // A stable sort: steps of one instant stay in the order of the API, before what was sent because of them.
  return [...steps, ...sent].sort((one, other) => one.atMs - other.atMs);
}

const DELIVERY_TONES: Record<string, Tone> = { succeeded: "good", failed: "bad", pending: "info" };

export function deliveryTone(state: string): Tone {
  return DELIVERY_TONES[state] ?? "idle";
}

function deliveryEntry(delivery: Delivery, hostOf: HostOf): StoryEntry {
  const at = delivery.attempts[0]?.at ?? delivery.created_at;
  const verb = delivery.redelivery_of === null ? "Webhook" : "Webhook again";
  return {
    id: delivery.id,
    at,
    atMs: Date.parse(at),
    title: `${verb}: ${delivery.event.type}`,
    text: `To ${hostOf(delivery.webhook_id)}: ${deliveryText(delivery)}`,
    tone: deliveryTone(delivery.state),
    until: delivery.next_attempt_at,
    kind: "delivery",
  };
}

/** What came of a delivery, in a sentence. */
export function deliveryText(delivery: Delivery): string {
  const last = delivery.attempts.at(-1);
  const count = delivery.attempts.length;
  if (!last) return "not sent yet.";
  const outcome =
    last.status === null ? (last.error ?? "no response").replaceAll("_", " ") : `status ${last.status}`;
  const took = tookText(last.took_ms);
  if (delivery.state === "succeeded") {
    return count === 1
      ? `delivered, ${outcome} in ${took}.`
      : `delivered at attempt ${count}, ${outcome} in ${took}.`;
  }
  const of = `attempt ${count} of ${delivery.max_attempts}`;
  return delivery.state === "pending" ? `${of} failed, ${outcome}.` : `given up after ${of}, ${outcome}.`;
}

/** How long an attempt took: "40 ms", "1.5 s". */
export function tookText(tookMs: number): string {
  return tookMs < 1_000 ? `${tookMs} ms` : durationText(tookMs / 1_000);
}

/** The lane of marks for what the call's tools and webhooks did; empty lanes are left out. */
export function markLanes(entries: TimelineEntry[], deliveries: Delivery[]): Lane[] {
  const tools: Mark[] = entries
    .filter(({ type }) => type === "tool_invoked")
    .map(({ atMs, data }): Mark => ({
      atMs,
      label: typeof data.tool === "string" ? data.tool : "tool",
      tone: data.error === undefined ? "good" : "bad",
    }));
  const sent: Mark[] = deliveries.flatMap((delivery) =>
    delivery.attempts.map((attempt): Mark => ({
      atMs: Date.parse(attempt.at),
      label: `${delivery.event.type}: ${attempt.status ?? attempt.error ?? "no response"}`,
      tone: isGood(attempt.status) ? "good" : "bad",
    })),
  );
  return [
    { label: "Tools", segments: [], marks: tools },
    { label: "Webhooks", segments: [], marks: sent },
  ].filter((lane) => lane.marks.length > 0);
}

function isGood(status: number | null): boolean {
  return status !== null && status >= 200 && status < 300;
}

/** The first of many: a page shows no more at once. */
export function bounded<Item>(items: Item[], most: number): { shown: Item[]; left: number } {
  return { shown: items.slice(0, most), left: Math.max(0, items.length - most) };
}
