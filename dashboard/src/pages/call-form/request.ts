/** The request that places the call of a draft. Values that are wrong go to the API: its texts explain them. Pure. */
import { AlteredNumber, parseExactly } from "~/lib/exact-json";
import { fromLocalField } from "~/lib/local-time";
import { policySpec } from "../build/policy";
import type { CallDraft } from "./draft";

export type Path =
  "/api/v1/calls/outbound" | "/api/v1/calls/schedule" | "/api/v1/calls" | "/api/v1/calls/test-agent";

export interface PlaceRequest {
  path: Path;
  body: Record<string, unknown>;
}

/** A field whose text is no JSON: that alone the API cannot be asked about. */
export interface JsonErrors {
  metadata?: string;
  userContext?: string;
}

export function pathOf(draft: CallDraft): Path {
  if (draft.kind === "workflow") return "/api/v1/calls";
  if (draft.kind === "web") return "/api/v1/calls/test-agent";
  return draft.isLater ? "/api/v1/calls/schedule" : "/api/v1/calls/outbound";
}

export function jsonErrorsOf(draft: CallDraft): JsonErrors {
  const metadata = jsonError(draft.metadata);
  const userContext = draft.kind === "phone" ? undefined : jsonError(draft.userContext);
  return { ...(metadata ? { metadata } : {}), ...(userContext ? { userContext } : {}) };
}

/** Returns the request; text that is no JSON is left out of it. `isTest` allows a speed. */
export function requestOf(draft: CallDraft, isTest: boolean, isPhoneWorkflow: boolean): PlaceRequest {
  const path = pathOf(draft);
  if (draft.kind === "phone") return { path, body: phoneBody(draft, isTest) };
  const body: Record<string, unknown> =
    draft.kind === "web" ? { agent_name: draft.agentName } : { workflow_slug: draft.workflowSlug };
  body.user_id = draft.userId;
  const phone = isPhoneWorkflow && draft.kind === "workflow" ? { phone: draft.phoneNumber } : {};
  addIf(body, "user_context", withPhone(jsonOf(draft.userContext), phone));
  addIf(body, "metadata", jsonOf(draft.metadata));
  if (draft.kind === "workflow" && isPhoneWorkflow) {
    addIf(body, "caller_id", draft.callerId || undefined);
    addIf(body, "priority", numberOf(draft.priority));
    const { redial, calling_window } = policySpec(draft);
    addIf(body, "redial", redial ?? undefined);
    addIf(body, "calling_window", calling_window ?? undefined);
    addIf(body, "expires_at", fromLocalField(draft.latestAt));
  }
  if (isTest) addIf(body, "test_speed", numberOf(draft.testSpeed));
  return { path, body };
}

function phoneBody(draft: CallDraft, isTest: boolean): Record<string, unknown> {
  const body: Record<string, unknown> = { agentId: draft.agentId, phoneNumber: draft.phoneNumber };
  addIf(body, "callerId", draft.callerId || undefined);
  addIf(body, "priority", numberOf(draft.priority));
  addIf(body, "metadata", jsonOf(draft.metadata));
  const { redial, calling_window } = policySpec(draft);
  addIf(body, "redial", redial ?? undefined);
  addIf(body, "callingWindow", calling_window ?? undefined);
  if (draft.isLater) body.earliestAt = fromLocalField(draft.earliestAt) ?? "";
  addIf(body, draft.isLater ? "latestAt" : "expiresAt", fromLocalField(draft.latestAt));
  if (isTest) addIf(body, "testSpeed", numberOf(draft.testSpeed));
  return body;
}

/** A number; what is none stays as it was typed. */
function numberOf(text: string): number | string | undefined {
  if (text.trim() === "") return undefined;
  const number = Number(text);
  return Number.isNaN(number) ? text : number;
}

function withPhone(context: unknown, phone: { phone?: string }): unknown {
  if (phone.phone === undefined) return context;
  const isObject = typeof context === "object" && context !== null && !Array.isArray(context);
  // A template for all of it, or what the API hides of it, stays as it is.
  if (phone.phone === "" && context !== undefined && !isObject) return context;
  const known = isObject ? context : {};
  // A number that was written into the context counts while the field is empty.
  return phone.phone === "" && "phone" in known ? known : { ...known, ...phone };
}

function jsonOf(text: string): unknown {
  if (text.trim() === "") return undefined;
  try {
    return parseExactly(text);
  } catch {
    return undefined;
  }
}

function jsonError(text: string): string | undefined {
  if (text.trim() === "") return undefined;
  try {
    parseExactly(text);
    return undefined;
  } catch (error) {
    if (error instanceof AlteredNumber) return `This cannot be sent: ${error.message}`;
    return `This is not JSON: ${error instanceof Error ? error.message : "it cannot be read"}`;
  }
}

function addIf(body: Record<string, unknown>, name: string, value: unknown): void {
  if (value !== undefined) body[name] = value;
}

/** The same request as a command, for whoever writes the code next. */
export function curlOf({ path, body }: PlaceRequest, origin: string, keyName: string): string {
  const json = JSON.stringify(body, null, 2).replaceAll("'", String.raw`'\''`);
  return `curl -X POST ${origin}${path} \\\n  -H "x-api-key: $${keyName}" -H "Content-Type: application/json" \\\n  -d '${json}'`;
}
