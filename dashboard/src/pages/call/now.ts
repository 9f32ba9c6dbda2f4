/** What a call is doing now, and what ends it: or why it ended. Pure. */
import type { Tone } from "~/theme/tones";
import { toneOf } from "~/theme/tones";
import { shownStatus, type CallView } from "./timeline";

export interface Verdict {
  tone: Tone;
  /** One sentence. */
  text: string;
  /** What ends this, or what the carrier said. */
  more: string | null;
  /** When that is likely to be. */
  until: string | null;
}

/** The sentence at the top of a call's page. */
export function verdictOf(call: CallView): Verdict {
  if (call.ended_at !== null) return endOf(call);
  const tone = toneOf(call.status);
  if (call.cancel_requested) {
    return {
      tone: "warn",
      text: "The call is being hung up.",
      more: "It ends when LiveKit has removed the leg.",
      until: null,
    };
  }
  if (call.status === "active") {
    const text = "Person and agent are talking.";
    return {
      tone,
      text,
      more: "The call ends when one of them, or you, hangs up, or at its longest duration.",
      until: null,
    };
  }
  if (call.status === "connecting") return connecting(call);
  if (call.status === "pending") {
    return { tone, text: "Nobody has joined yet.", more: "If nobody does, the call times out.", until: null };
  }
  return waiting(call);
}

function connecting(call: CallView): Verdict {
  if (call.channel === "web") {
    const more = "It goes on as soon as the agent is there, too.";
    return { tone: "warn", text: "The caller has joined, and waits for the agent.", more, until: null };
  }
  const more = "It ends with an answer, a refusal, or when the phone has rung for too long.";
  return { tone: "warn", text: "The phone is ringing.", more, until: null };
}

function waiting(call: CallView): Verdict {
  const place = call.queue_position === null ? null : `Number ${call.queue_position} in line.`;
  const text = call.queue_text ?? "The call waits.";
  const isLater = call.status === "scheduled" || call.queue_state === "outside_window";
  return {
    tone: isLater ? "later" : "info",
    text,
    more: place,
    until: call.estimated_start ?? call.earliest_at,
  };
}

function endOf(call: CallView): Verdict {
  const text = call.reason_text ?? "The call has ended.";
  const said = call.detail === null ? null : `The carrier or LiveKit said: ${call.detail}`;
  return { tone: toneOf(shownStatus(call)), text, more: said, until: null };
}

/** What a person may do with the call now. */
export interface Possible {
  /** The verb of the button that ends it; null if it has ended. */
  end: "Cancel call" | "Hang up" | null;
  reschedule: boolean;
  erase: boolean;
  join: boolean;
}

export function possibleWith(call: CallView): Possible {
  const hasEnded = call.ended_at !== null;
  const isOn = call.status === "active" || call.status === "connecting";
  return {
    end: hasEnded ? null : isOn ? "Hang up" : "Cancel call",
    reschedule: !hasEnded && (call.status === "scheduled" || call.queue_state === "unknown_zone"),
    erase: hasEnded && call.erased_at === null,
    join: !hasEnded && call.channel === "web" && call.livemode,
  };
}
