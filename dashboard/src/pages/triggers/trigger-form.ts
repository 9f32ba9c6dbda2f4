/** The fields of a trigger, as a person types them. Pure: the API says what is not valid. */
import type { Trigger, TriggerSpec } from "./queries";
import { EXAMPLES } from "./words";

export interface TriggerFields {
  name: string;
  description: string;
  kind: Trigger["kind"];
  /** JSON. */
  body: string;
  when: string;
  event_id: string;
}

export const NEW_TRIGGER: TriggerFields = {
  name: "",
  description: "",
  kind: "workflow",
  body: JSON.stringify(EXAMPLES.workflow, null, 2),
  when: "",
  event_id: "{{event.id}}",
};

export function fieldsOf(trigger: Trigger): TriggerFields {
  const { name, description, kind, when, event_id } = trigger;
  return { name, description, kind, body: JSON.stringify(trigger.body, null, 2), when: when ?? "", event_id };
}

/** Another kind has another body: the example of the new kind, unless the body was edited. */
export function withKind(fields: TriggerFields, kind: Trigger["kind"]): TriggerFields {
  const isExample = fields.body === JSON.stringify(EXAMPLES[fields.kind], null, 2);
  return { ...fields, kind, body: isExample ? JSON.stringify(EXAMPLES[kind] ?? {}, null, 2) : fields.body };
}

export function specOf(fields: TriggerFields, body: Record<string, unknown>): Omit<TriggerSpec, "enabled"> {
  const { name, description, kind, event_id } = fields;
  return { name, description, kind, body, when: fields.when.trim() === "" ? null : fields.when, event_id };
}
