/**
 * The call that a schedule, a trigger or a batch creates, as its form edits it: by fields, or as JSON. The body that
 * the API has may say more than the fields, and its values may be templates: what no field can show stays as it is.
 * Pure.
 */
import { changesBetween } from "~/lib/json-diff";
import { parseObject, prettyJson } from "~/lib/json-text";
import { without } from "~/lib/without";
import { policyDraft, policySpec, type PolicyDraft } from "../build/policy";
import { EMPTY_CALL, type CallDraft } from "./draft";
import { jsonErrorsOf, requestOf } from "./request";

type Body = Record<string, unknown>;

export interface BodyDraft {
  call: CallDraft;
  /** What no field shows. */
  rest: Body;
  /** The whole body, while it is edited as JSON. */
  json: string | null;
}

/** The route of a body: `outbound` and `schedule` name an agent and a number. */
export function callKindOf(kind: string): "phone" | "workflow" {
  return kind === "workflow" ? "workflow" : "phone";
}

/** The draft of a body that the API has, or of an example. */
export function bodyDraft(kind: string, body: Body): BodyDraft {
  const call: CallDraft = { ...EMPTY_CALL, kind: callKindOf(kind) };
  const rest = new Map(Object.entries(body));
  const takeText = (name: string) => take(rest, name, isText) ?? "";
  const isWorkflow = call.kind === "workflow";
  if (isWorkflow) {
    Object.assign(call, { workflowSlug: takeText("workflow_slug"), userId: takeText("user_id") });
    Object.assign(call, contextOf(rest));
  } else Object.assign(call, { agentId: takeText("agentId"), phoneNumber: takeText("phoneNumber") });
  call.callerId = takeText(isWorkflow ? "caller_id" : "callerId");
  call.priority = String(take(rest, "priority", isTextOrNumber) ?? "");
  call.metadata = jsonIn(rest, "metadata");
  Object.assign(call, policyIn(rest, isWorkflow ? "calling_window" : "callingWindow"));
  return { call, rest: Object.fromEntries(rest), json: null };
}

/** The body that a draft makes; JSON that cannot be read makes none, and `bodyProblem` says so. */
export function bodyOf({ call, rest, json }: BodyDraft): Body {
  if (json !== null) return parseObject(json, "body").value ?? {};
  const { body } = requestOf({ ...call, isLater: false, latestAt: "" }, false, call.kind === "workflow");
  const context = body.user_context as Body | undefined;
  if (context?.phone === "") {
    const known = without(context, "phone");
    body.user_context = Object.keys(known).length > 0 || call.userContext.trim() !== "" ? known : "";
  }
  return { ...rest, ...Object.fromEntries(Object.entries(body).filter(([, value]) => value !== "")) };
}

/** Why a draft makes no body: text that is no JSON. */
export function bodyProblem(draft: BodyDraft): string | undefined {
  if (draft.json !== null) return parseObject(draft.json, "body").error;
  const { metadata, userContext } = jsonErrorsOf(draft.call);
  return metadata ?? userContext;
}

/** The draft as JSON. Fields that are no JSON must be mended before. */
export function asJson(draft: BodyDraft): BodyDraft {
  return { ...draft, json: prettyJson(bodyOf(draft)) };
}

/** The draft for another route: what both have stays. */
export function withKind(draft: BodyDraft, kind: string): BodyDraft {
  return { ...draft, call: { ...draft.call, kind: callKindOf(kind) } };
}

/** The draft with a text that no field of every call shows; an empty one is left out. */
export function withText(draft: BodyDraft, name: string, text: string): BodyDraft {
  const rest: Body = without(draft.rest, name);
  return { ...draft, rest: text === "" ? rest : { ...rest, [name]: text } };
}

function take<Value>(
  rest: Map<string, unknown>,
  name: string,
  is: (value: unknown) => value is Value,
): Value | undefined {
  const value = rest.get(name);
  if (!is(value)) return undefined;
  rest.delete(name);
  return value;
}

const isText = (value: unknown) => typeof value === "string";
const isTextOrNumber = (value: unknown) => typeof value === "string" || typeof value === "number";
const isObject = (value: unknown): value is Body =>
  typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;

function jsonIn(rest: Map<string, unknown>, name: string): string {
  if (!rest.has(name)) return "";
  const text = prettyJson(rest.get(name));
  rest.delete(name);
  return text;
}

/** The number of a phone workflow has a field of its own. */
function contextOf(rest: Map<string, unknown>): Partial<CallDraft> {
  const context = rest.get("user_context");
  // A template for all of it, or what the API hides of it: no field shows that.
  if (!isObject(context)) return {};
  if (typeof context.phone !== "string") return { userContext: jsonIn(rest, "user_context") };
  rest.delete("user_context");
  const { phone, ...known } = context;
  return { phoneNumber: phone, userContext: Object.keys(known).length > 0 ? prettyJson(known) : "" };
}

/** Policies that the fields can show without a change. */
function policyIn(rest: Map<string, unknown>, windowName: string): Partial<PolicyDraft> {
  const redial = policyPart(rest, "redial", REDIAL_FIELDS, ({ maxAttempts, retryOn, intervals }) => ({
    redial: { max_attempts: maxAttempts, retry_on: retryOn, intervals },
    calling_window: null,
  }));
  const window = policyPart(rest, windowName, WINDOW_FIELDS, (found) => ({
    redial: null,
    calling_window: { timezone: null, ...found },
  }));
  return { ...redial, ...window };
}

const REDIAL_FIELDS = ["redials", "maxAttempts", "retryOn", "intervals"] as const;
const WINDOW_FIELDS = ["hasWindow", "start", "end", "days", "timezone"] as const;

function policyPart(
  rest: Map<string, unknown>,
  name: string,
  fields: readonly (keyof PolicyDraft)[],
  viewOf: (found: Body) => Body,
): Partial<PolicyDraft> {
  const found = rest.get(name);
  if (!isObject(found)) return {};
  try {
    const draft = policyDraft(viewOf(found) as unknown as Parameters<typeof policyDraft>[0]);
    const { redial, calling_window } = policySpec(draft);
    const same = { ...found, timezone: found.timezone ?? undefined };
    if (changesBetween(same, redial ?? calling_window).length > 0) return {};
    rest.delete(name);
    return Object.fromEntries(fields.map((field) => [field, draft[field]]));
  } catch {
    // A template in place of a list: no field can show it.
    return {};
  }
}
