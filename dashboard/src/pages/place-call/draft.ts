/** Where the values of the form come from: the address, or another call. Pure. */
import type { Schemas } from "~/api/client";
import { prettyJson } from "~/lib/json-text";
import { EMPTY_CALL, type CallDraft } from "../call-form/draft";
import type { PlaceCallSearch } from "./search";

/** The form as it is opened. */
export function newDraft(search: PlaceCallSearch): CallDraft {
  return {
    ...EMPTY_CALL,
    kind: search.kind ?? (search.workflow ? "workflow" : "phone"),
    agentId: search.agent ?? "",
    workflowSlug: search.workflow ?? "",
  };
}

/** The form filled in like a call. The user context is encrypted, and cannot be read back. */
export function draftLike(call: Schemas["CallView"]): CallDraft {
  const kind = call.workflow_slug !== null ? "workflow" : call.channel === "web" ? "web" : "phone";
  return {
    ...EMPTY_CALL,
    kind,
    agentId: call.agent_id,
    agentName: kind === "web" ? call.data.agent.name : "",
    workflowSlug: call.workflow_slug ?? "",
    phoneNumber: call.phone_number ?? "",
    userId: call.user_id ?? "",
    callerId: call.caller_id ?? "",
    priority: kind === "web" ? "" : String(call.priority),
    metadata: Object.keys(call.metadata).length === 0 ? "" : prettyJson(call.metadata),
  };
}
