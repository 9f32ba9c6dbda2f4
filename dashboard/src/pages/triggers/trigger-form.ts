/** The fields of a trigger, as a person types them. Pure: the API says what is not valid. */
import { isSame } from "~/lib/draft";
import { bodyDraft, bodyOf, withKind as bodyWithKind, type BodyDraft } from "../call-form/body";
import type { Trigger, TriggerSpec } from "./queries";
import { EXAMPLES } from "./words";

export interface TriggerFields {
  name: string;
  description: string;
  kind: Trigger["kind"];
  call: BodyDraft;
  when: string;
  event_id: string;
}

const NEW: TriggerFields = {
  name: "",
  description: "",
  kind: "outbound",
  call: exampleOf("outbound"),
  when: "",
  event_id: "{{event.id}}",
};

function exampleOf(kind: string): BodyDraft {
  return bodyDraft(kind, EXAMPLES[kind] ?? {});
}

export function fieldsOf(trigger: Trigger | undefined): TriggerFields {
  if (!trigger) return NEW;
  const { name, description, kind, when, event_id } = trigger;
  return { name, description, kind, call: bodyDraft(kind, trigger.body), when: when ?? "", event_id };
}

/** Another kind has another body: the example of the new kind, unless the body was edited. */
export function withKind(fields: TriggerFields, kind: Trigger["kind"]): TriggerFields {
  const isExample = isSame(fields.call, exampleOf(fields.kind));
  return { ...fields, kind, call: isExample ? exampleOf(kind) : bodyWithKind(fields.call, kind) };
}

export function specOf(fields: TriggerFields): Omit<TriggerSpec, "enabled"> {
  const { name, description, kind, event_id } = fields;
  const when = fields.when.trim() === "" ? null : fields.when;
  return { name, description, kind, body: bodyOf(fields.call), when, event_id };
}
