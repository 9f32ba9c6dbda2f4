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

/** A number; what is none stays as it was typed, and the API says what is wrong with it. */
function numberOf(value: number | string): number {
  const number = Number(value);
  return value === "" || Number.isNaN(number) ? (value as number) : number;
}

/** What the API takes. */
export function policySpec(draft: PolicyDraft) {
  return {
    redial: draft.redials
      ? {
          maxAttempts: numberOf(draft.maxAttempts),
          // A word that a release no longer has is refused by the API.
          retryOn: draft.retryOn as RetryOn[],
          intervals: draft.intervals
            .split(/[\s,]+/)
            .filter(Boolean)
            .map(numberOf),
        }
      : null,
    calling_window: draft.hasWindow
      ? {
          start: draft.start,
          end: draft.end,
          days: DAYS.filter((day): day is Day => draft.days.includes(day)),
          ...(draft.timezone === "" ? {} : { timezone: draft.timezone }),
        }
      : null,
  };
}
