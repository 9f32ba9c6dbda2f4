import { Select, Textarea, TextInput } from "@mantine/core";
import { Fields } from "~/components/Section";
import { fieldError } from "~/lib/form-errors";
import { without } from "~/lib/without";
import build from "../build/build.module.css";
import { SaveBar } from "../build/SaveBar";
import { useResourceForm } from "../build/use-resource-form";
import { bodyProblem } from "../call-form/body";
import { BodyEditor } from "../call-form/BodyEditor";
import { changeTrigger, createTrigger, type Trigger, type TriggerWithSecret } from "./queries";
import { fieldsOf, specOf, withKind, type TriggerFields } from "./trigger-form";
import classes from "./Triggers.module.css";
import { KINDS } from "./words";

const FIELDS = ["name", "description", "kind", "body", "when", "event_id"];

interface TriggerFormProps {
  /** The trigger to change; without, one is created. */
  trigger?: Trigger;
  /** Gets the secret of a new one: nothing else keeps it. */
  onCreated?: (trigger: TriggerWithSecret) => void;
}

/** The fields of a trigger. What is not valid is said by the API, beside its field. */
export function TriggerForm({ trigger, onCreated }: TriggerFormProps) {
  const form = useResourceForm({
    stored: trigger,
    draftOf: fieldsOf,
    specOf,
    create: async (spec, headers) => {
      const made = await createTrigger({ ...spec, enabled: true }, headers);
      onCreated?.(made);
      return without(made, "secret");
    },
    update: (change) => changeTrigger(trigger?.id ?? "", change),
    keyOf: ({ id }) => ["triggers", id],
    onSaved: () => undefined,
  });
  const parts = { draft: form.draft, onChange: form.change, error: form.error };
  return (
    <form className={classes.form} onSubmit={(event) => event.preventDefault()}>
      <Naming {...parts} />
      <BodyEditor
        draft={form.draft.call}
        kind={form.draft.kind}
        onChange={(call) => form.change({ call })}
        error={form.error}
        hint="{{event.…}} stands for a value of the event. [hidden] keeps a stored value."
      />
      <Conditions {...parts} />
      <SaveBar
        form={form}
        scope="triggers:write"
        create="Create trigger"
        fields={FIELDS}
        done="Saved. It takes effect at the next event."
        problem={bodyProblem(form.draft.call)}
      />
    </form>
  );
}

interface PartProps {
  draft: TriggerFields;
  onChange: (change: Partial<TriggerFields>) => void;
  error: Error | null;
}

function Naming({ draft, onChange, error }: PartProps) {
  return (
    <div className={build.stack}>
      <Fields>
        <TextInput
          label="Name"
          placeholder="signups"
          value={draft.name}
          onChange={(event) => onChange({ name: event.currentTarget.value })}
          error={fieldError(error, "name")}
        />
        <Select
          label="An event starts"
          allowDeselect={false}
          data={KINDS}
          value={draft.kind}
          onChange={(kind) => onChange(withKind(draft, kind ?? draft.kind))}
          error={fieldError(error, "kind")}
        />
      </Fields>
      <Textarea
        label="Description"
        rows={2}
        value={draft.description}
        onChange={(event) => onChange({ description: event.currentTarget.value })}
        error={fieldError(error, "description")}
      />
    </div>
  );
}

function Conditions({ draft, onChange, error }: PartProps) {
  return (
    <Fields>
      <TextInput
        label="Only when"
        description="JMESPath that must find a true value in the event. Empty: every event."
        placeholder="type == 'user.signup'"
        classNames={{ input: classes.code ?? "" }}
        value={draft.when}
        onChange={(event) => onChange({ when: event.currentTarget.value })}
        error={fieldError(error, "when")}
      />
      <TextInput
        label="Event id"
        description="Events with the same id create one call in 24 hours."
        classNames={{ input: classes.code ?? "" }}
        value={draft.event_id}
        onChange={(event) => onChange({ event_id: event.currentTarget.value })}
        error={fieldError(error, "event_id")}
      />
    </Fields>
  );
}
