/**
 * A tool's config as its form edits it: parameters and actions by fields, or all of it as JSON. What no field shows of
 * a parameter or an action stays as it is. Pure.
 */
import { changesBetween } from "~/lib/json-diff";
import { parseObject, prettyJson } from "~/lib/json-text";

type Values = Record<string, unknown>;

export interface ParameterDraft {
  /** Tells rows apart while they are edited. */
  key: number;
  name: string;
  type: string;
  description: string;
  required: boolean;
  rest: Values;
}

export interface ActionDraft {
  key: number;
  type: string;
  /** The values of the type's fields, as text: see `ACTION_FIELDS`. */
  texts: Record<string, string>;
  rest: Values;
}

export interface ConfigDraft {
  parameters: ParameterDraft[];
  actions: ActionDraft[];
  /** The whole config, while it is edited as JSON. */
  json: string | null;
}

export const PARAMETER_TYPES = ["string", "integer", "number", "boolean", "array", "object"];

interface ActionField {
  name: string;
  label: string;
  /** JSON is any value, as text; an agent is one of the tenant's. */
  kind: "text" | "method" | "agent" | "json" | "object";
  description?: string;
}

/** The fields of each type of action; docs/tools.md has all of them. */
export const ACTION_FIELDS: Record<string, ActionField[]> = {
  api_call: [
    { name: "method", label: "Method", kind: "method", description: "How it is sent." },
    {
      name: "url",
      label: "URL",
      kind: "text",
      description: "https, with {{templates}} in its path and query.",
    },
    {
      name: "headers",
      label: "Headers",
      kind: "object",
      description: "JSON, such as a secret's: {{secrets.NAME}}.",
    },
    {
      name: "body",
      label: "Request body",
      kind: "json",
      description: "JSON, with {{params.name}} and others.",
    },
  ],
  set_state: [
    { name: "values", label: "Values", kind: "object", description: "JSON: a value for each variable." },
    {
      name: "append",
      label: "Append",
      kind: "object",
      description: "JSON: what is added to the end of lists.",
    },
  ],
  transfer_agent: [
    { name: "agent", label: "Agent", kind: "agent", description: "It has the call from then on." },
  ],
  end_call: [{ name: "reason", label: "Reason", kind: "text", description: "Default: agent_hangup." }],
};

export function configDraft(config: Values): ConfigDraft {
  const parameters = listOf(config.parameters).map(parameterDraft);
  const actions = listOf(config.actions).map(actionDraft);
  const draft = { parameters, actions, json: null };
  // A config of another form is shown as it is.
  return changesBetween({ parameters: [], ...config }, configOf(draft)).length === 0
    ? draft
    : { ...draft, json: prettyJson(config) };
}

export function configOf(draft: ConfigDraft): Values {
  if (draft.json !== null) return parseObject(draft.json, "config").value ?? {};
  return { parameters: draft.parameters.map(parameterOf), actions: draft.actions.map(actionOf) };
}

/** Why a draft makes no config: text that is no JSON. */
export function configProblem(draft: ConfigDraft): string | undefined {
  if (draft.json !== null) return parseObject(draft.json, "config").error;
  return draft.actions
    .flatMap((action) => fieldsOf(action).map((field) => fieldProblem(field, action.texts[field.name] ?? "")))
    .find((problem) => problem !== undefined);
}

/** Why a field's text is no JSON of its kind. */
export function fieldProblem(field: ActionField, text: string): string | undefined {
  if (!isJson(field.kind)) return undefined;
  if (field.kind === "object") return parseObject(text, field.name).error;
  return text.trim() === "" ? undefined : parseObject(`{"value": ${text}\n}`, field.name).error;
}

export function asJson(draft: ConfigDraft): ConfigDraft {
  return { ...draft, json: prettyJson(configOf(draft)) };
}

export function fieldsOf({ type }: ActionDraft): ActionField[] {
  return ACTION_FIELDS[type] ?? [];
}

let lastKey = 0;

function nextKey(): number {
  lastKey += 1;
  return lastKey;
}

export function newParameter(): ParameterDraft {
  return { key: nextKey(), name: "", type: "string", description: "", required: true, rest: {} };
}

export function newAction(type = "api_call"): ActionDraft {
  const texts: Record<string, string> = type === "api_call" ? { method: "POST" } : {};
  return { key: nextKey(), type, texts, rest: {} };
}

function parameterDraft(value: unknown, index: number): ParameterDraft {
  const { name, type, ...others } = valuesOf(value);
  const { description, required, ...rest } = others;
  return {
    key: index - 10_000,
    name: textOf(name),
    type: textOf(type),
    description: textOf(description),
    required: required === true,
    // What says the same as nothing is kept as it was written.
    rest: {
      ...rest,
      ...(description === "" ? { description } : {}),
      ...(required === false ? { required } : {}),
    },
  };
}

function parameterOf({ name, type, description, required, rest }: ParameterDraft): Values {
  return { name, type, ...rest, ...(description ? { description } : {}), ...(required ? { required } : {}) };
}

function actionDraft(value: unknown, index: number): ActionDraft {
  const { type, ...values } = valuesOf(value);
  const fields = ACTION_FIELDS[textOf(type)] ?? [];
  const shown = fields.filter(
    ({ name, kind }) => name in values && (isJson(kind) || typeof values[name] === "string"),
  );
  const texts = shown.map(({ name, kind }) => [
    name,
    isJson(kind) ? prettyJson(values[name]) : textOf(values[name]),
  ]);
  const rest = Object.entries(values).filter(([name]) => !shown.some((field) => field.name === name));
  return {
    key: index - 10_000,
    type: textOf(type),
    texts: Object.fromEntries(texts) as Record<string, string>,
    rest: Object.fromEntries(rest),
  };
}

function isJson(kind: ActionField["kind"]): boolean {
  return kind === "json" || kind === "object";
}

function actionOf(action: ActionDraft): Values {
  const known = fieldsOf(action).flatMap(({ name, kind }): [string, unknown][] => {
    const text = action.texts[name] ?? "";
    if (text.trim() === "") return [];
    if (!isJson(kind)) return [[name, text]];
    return [[name, parseObject(`{"value": ${text}\n}`, name).value?.value]];
  });
  return { type: action.type, ...action.rest, ...Object.fromEntries(known) };
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function valuesOf(value: unknown): Values {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : {};
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}
