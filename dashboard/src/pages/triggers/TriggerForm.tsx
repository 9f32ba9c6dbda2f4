import { Button, Group, JsonInput, Select, Textarea, TextInput } from "@mantine/core";
import { useState, type ReactNode } from "react";
import { FormError } from "~/components/FormError";
import { WithRight } from "~/components/NeedsRight";
import { fieldError } from "~/lib/form-errors";
import { parseObject } from "~/lib/json-text";
import type { TriggerSpec } from "./queries";
import { specOf, withKind, type TriggerFields } from "./trigger-form";
import classes from "./Triggers.module.css";
import { KINDS } from "./words";

const FIELDS = ["name", "description", "kind", "body", "when", "event_id"];

interface TriggerFormProps {
  initial: TriggerFields;
  /** The verb on the button: "Create trigger". */
  submit: string;
  error: Error | null;
  isBusy: boolean;
  onSubmit: (spec: Omit<TriggerSpec, "enabled">) => void;
  children?: ReactNode;
}

/** The fields of a trigger. What is not valid is said by the API, beside its field. */
export function TriggerForm({ initial, submit, error, isBusy, onSubmit, children }: TriggerFormProps) {
  const [fields, setFields] = useState(initial);
  const [bodyError, setBodyError] = useState<string | null>(null);
  const set = (change: Partial<TriggerFields>) => setFields({ ...fields, ...change });
  const send = () => {
    const parsed = parseObject(fields.body, "body");
    setBodyError(parsed.error ?? null);
    if (parsed.value) onSubmit(specOf(fields, parsed.value));
  };
  return (
    <form
      className={classes.form}
      onSubmit={(event) => {
        event.preventDefault();
        if (!isBusy) send();
      }}
    >
      <TextInput
        label="Name"
        placeholder="signups"
        value={fields.name}
        onChange={(event) => set({ name: event.currentTarget.value })}
        error={fieldError(error, "name")}
      />
      <Textarea
        label="Description"
        rows={2}
        value={fields.description}
        onChange={(event) => set({ description: event.currentTarget.value })}
        error={fieldError(error, "description")}
      />
      <Select
        label="An event starts"
        allowDeselect={false}
        data={KINDS}
        value={fields.kind}
        onChange={(kind) => setFields(withKind(fields, kind ?? fields.kind))}
        error={fieldError(error, "kind")}
      />
      <JsonInput
        label="Body"
        description="The body of that request. {{event.…}} stands for a value of the event. Hidden values of user_context that you leave as they are stay."
        classNames={{ input: classes.code ?? "" }}
        autosize
        minRows={6}
        maxRows={20}
        value={fields.body}
        onChange={(body) => set({ body })}
        error={bodyError ?? fieldError(error, "body")}
      />
      <TextInput
        label="Only when"
        description="A JMESPath expression that must find a true value in the event. Empty: every event."
        placeholder="type == 'user.signup'"
        classNames={{ input: classes.code ?? "" }}
        value={fields.when}
        onChange={(event) => set({ when: event.currentTarget.value })}
        error={fieldError(error, "when")}
      />
      <TextInput
        label="Event id"
        description="Events with the same id create one call in 24 hours."
        classNames={{ input: classes.code ?? "" }}
        value={fields.event_id}
        onChange={(event) => set({ event_id: event.currentTarget.value })}
        error={fieldError(error, "event_id")}
      />
      <FormError error={error} fields={FIELDS} />
      <Group gap="xs">
        <WithRight scope="triggers:write">
          {(disabled) => (
            <Button type="submit" disabled={disabled} loading={isBusy}>
              {submit}
            </Button>
          )}
        </WithRight>
        {children}
      </Group>
    </form>
  );
}
