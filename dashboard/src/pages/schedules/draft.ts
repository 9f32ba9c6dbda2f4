/** A schedule as its form edits it. Pure. */
import type { Schemas } from "~/api/client";
import { fromLocalField, toLocalField } from "~/lib/local-time";
import { bodyDraft, bodyOf, type BodyDraft } from "../call-form/body";
import type { Schedule } from "./queries";

export type When = "cron" | "rate" | "at";

export interface ScheduleDraft {
  name: string;
  description: string;
  kind: Schemas["ScheduleView"]["kind"];
  call: BodyDraft;
  when: When;
  cron: string;
  rate: string;
  /** As a field of the browser has it, in the viewer's zone. */
  at: string;
  timezone: string;
  starts_at: string;
  ends_at: string;
  flexible: number | string;
}

export function scheduleDraft(schedule: Schedule | undefined, zone: string): ScheduleDraft {
  return {
    name: schedule?.name ?? "",
    description: schedule?.description ?? "",
    kind: schedule?.kind ?? "outbound",
    call: bodyDraft(schedule?.kind ?? "outbound", schedule?.body ?? {}),
    when: schedule?.rate ? "rate" : schedule?.at ? "at" : "cron",
    cron: schedule?.cron ?? "0 9 * * mon-fri",
    rate: schedule?.rate ?? "1 day",
    at: toLocalField(schedule?.at),
    timezone: schedule?.timezone ?? zone,
    starts_at: toLocalField(schedule?.starts_at),
    ends_at: toLocalField(schedule?.ends_at),
    flexible: schedule?.flexible_window_minutes ?? 0,
  };
}

/** When it runs, as the API takes it. A time that was left out is missing, and the API says so. */
export function timesOf(draft: ScheduleDraft): Schemas["ScheduleTimes"] {
  return {
    cron: draft.when === "cron" ? draft.cron : null,
    rate: draft.when === "rate" ? draft.rate : null,
    at: draft.when === "at" ? (fromLocalField(draft.at) ?? null) : null,
    timezone: draft.timezone,
    starts_at: fromLocalField(draft.starts_at) ?? null,
    ends_at: fromLocalField(draft.ends_at) ?? null,
  };
}

export function scheduleFields(draft: ScheduleDraft) {
  return {
    ...timesOf(draft),
    name: draft.name,
    description: draft.description,
    kind: draft.kind,
    body: bodyOf(draft.call),
    flexible_window_minutes: Number(draft.flexible),
  };
}
