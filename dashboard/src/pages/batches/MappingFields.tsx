import { MultiSelect, NumberInput, Select, Switch, TextInput } from "@mantine/core";
import { useSession } from "~/api/use-session";
import { JsonField } from "~/components/JsonField";
import { Fields, Section } from "~/components/Section";
import { errorWithin, fieldError } from "~/lib/form-errors";
import { parseObject } from "~/lib/json-text";
import build from "../build/build.module.css";
import { useChoices } from "../build/queries";
import { withTemplate, type BatchDraft } from "./draft";

interface MappingFieldsProps {
  draft: BatchDraft;
  columns: string[];
  onChange: (change: Partial<BatchDraft>) => void;
  error: Error | null;
}

/** What each row becomes: the agent, the column of numbers, what goes into the metadata. */
export function MappingFields({ draft, columns, onChange, error }: MappingFieldsProps) {
  const { agents } = useChoices();
  const { mode } = useSession();
  const named = [...new Set(columns.filter(Boolean))];
  const map = (change: Partial<BatchDraft>) => onChange(withTemplate({ ...draft, ...change }));
  return (
    <Section title="Calls" text="Each row becomes a call by this template.">
      <div className={build.stack}>
        <Fields>
          <TextInput
            label="Name of the batch"
            value={draft.name}
            onChange={(event) => onChange({ name: event.currentTarget.value })}
            error={fieldError(error, "name")}
          />
          <Select
            label="Agent"
            placeholder="Choose an agent"
            description={mode === "test" ? "A live agent too: write its id into the template." : undefined}
            data={agents.map(({ id, name }) => ({ value: id, label: name }))}
            value={draft.agentId}
            searchable
            onChange={(agentId) => map({ agentId })}
          />
          <Select
            label="Column of phone numbers"
            data={named}
            value={draft.phone}
            allowDeselect={false}
            onChange={(phone) => map({ phone })}
          />
          <MultiSelect
            label="Columns in the metadata"
            data={named}
            value={draft.metadata}
            onChange={(metadata) => map({ metadata })}
          />
          <NumberInput
            label="A call lasts about"
            suffix=" s"
            value={draft.averageCallS}
            onChange={(averageCallS) => onChange({ averageCallS })}
            error={fieldError(error, "average_call_s")}
          />
          <Switch
            label="Call the same number again"
            description="Otherwise a row whose number an earlier row has is refused."
            checked={draft.callsSameNumbers}
            onChange={(event) => onChange({ callsSameNumbers: event.currentTarget.checked })}
          />
        </Fields>
        <JsonField
          label="Template"
          description="The body of POST /calls/outbound, with {{row.column}} for each row's cells."
          value={draft.template}
          onChange={(template) => onChange({ template })}
          error={parseObject(draft.template, "body").error ?? errorWithin(error, "body")}
        />
      </div>
    </Section>
  );
}
