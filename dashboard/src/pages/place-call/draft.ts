/** The form's values as a person types them, and where they come from. Pure. */
import type { Schemas } from "~/api/client";
import type { Kind, PlaceCallSearch } from "./search";

export const DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;

export interface Draft {
  kind: Kind;
  agentId: string;
  workflowSlug: string;
  agentName: string;
  phoneNumber: string;
  userId: string;
  callerId: string;
  priority: string;
  metadata: string;
  userContext: string;
  isLater: boolean;
  earliestAt: string;
  /** No attempt begins after it. */
  latestAt: string;
  hasWindow: boolean;
  windowStart: string;
  windowEnd: string;
  windowDays: string[];
  windowTimezone: string;
  hasRedial: boolean;
  redialAttempts: string;
  redialOn: string[];
  redialSeconds: string;
  testSpeed: string;
}

const EMPTY: Draft = {
  kind: "phone",
  agentId: "",
  workflowSlug: "",
  agentName: "",
  phoneNumber: "",
  userId: "",
  callerId: "",
  priority: "",
  metadata: "",
  userContext: "",
  isLater: false,
  earliestAt: "",
  latestAt: "",
  hasWindow: false,
  windowStart: "09:00",
  windowEnd: "18:00",
  windowDays: [...DAYS.slice(0, 5)],
  windowTimezone: "",
  hasRedial: false,
  redialAttempts: "3",
  redialOn: ["busy", "no_answer"],
  redialSeconds: "300",
  testSpeed: "",
};

/** The form as it is opened. */
export function newDraft(search: PlaceCallSearch): Draft {
  return {
    ...EMPTY,
    kind: search.kind ?? (search.workflow ? "workflow" : "phone"),
    agentId: search.agent ?? "",
    workflowSlug: search.workflow ?? "",
  };
}

/** The form filled in like a call. The user context is encrypted, and cannot be read back. */
export function draftLike(call: Schemas["CallView"]): Draft {
  const kind = call.workflow_slug !== null ? "workflow" : call.channel === "web" ? "web" : "phone";
  return {
    ...EMPTY,
    kind,
    agentId: call.agent_id,
    agentName: kind === "web" ? call.data.agent.name : "",
    workflowSlug: call.workflow_slug ?? "",
    phoneNumber: call.phone_number ?? "",
    userId: call.user_id ?? "",
    callerId: call.caller_id ?? "",
    priority: kind === "web" ? "" : String(call.priority),
    metadata: Object.keys(call.metadata).length === 0 ? "" : JSON.stringify(call.metadata, null, 2),
  };
}
