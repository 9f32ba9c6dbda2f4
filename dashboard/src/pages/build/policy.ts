/** Redials and calling windows as a form edits them. Pure. */
import type { Schemas } from "~/api/client";

type RetryOn = NonNullable<Schemas["RedialSpec"]["retryOn"]>[number];

export interface PolicyDraft {
  redials: boolean;
  maxAttempts: number | string;
  retryOn: string[];
  /** Seconds, separated by commas. */
  intervals: string;
  hasWindow: boolean;
  start: string;
  end: string;
  days: string[];
  timezone: string;
}

export const DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;
type Day = (typeof DAYS)[number];

interface Policies {
  redial: Schemas["RedialView"] | null;
  calling_window: Schemas["WindowView"] | null;
}

export function policyDraft({ redial, calling_window: window }: Policies): PolicyDraft {
  return {
    redials: redial !== null,
    maxAttempts: redial?.max_attempts ?? 3,
    retryOn: redial?.retry_on ?? ["busy", "no_answer"],
    intervals: (redial?.intervals ?? [300]).join(", "),
    hasWindow: window !== null,
    start: window?.start ?? "09:00",
    end: window?.end ?? "20:00",
    days: window?.days ?? ["mon", "tue", "wed", "thu", "fri"],
    timezone: window?.timezone ?? "",
  };
}

/** What the API takes. A text that is no number stays one, and the API says so. */
export function policySpec(draft: PolicyDraft) {
  return {
    redial: draft.redials
      ? {
          maxAttempts: Number(draft.maxAttempts),
          // Any word can be typed: the API refuses those that it does not know.
          retryOn: draft.retryOn as RetryOn[],
          intervals: draft.intervals
            .split(/[\s,]+/)
            .filter(Boolean)
            .map(Number),
        }
      : null,
    calling_window: draft.hasWindow
      ? {
          start: draft.start,
          end: draft.end,
          days: DAYS.filter((day): day is Day => draft.days.includes(day)),
          timezone: draft.timezone === "" ? null : draft.timezone,
        }
      : null,
  };
}
