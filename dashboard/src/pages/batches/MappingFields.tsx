import { MultiSelect, NumberInput, Select, Switch, TextInput } from "@mantine/core";
import { Fields, Section } from "~/components/Section";
import { fieldError } from "~/lib/form-errors";
import { viewerZone } from "~/lib/local-time";
import build from "../build/build.module.css";
import { BodyEditor } from "../call-form/BodyEditor";
import { mapped, ofKind, type BatchDraft } from "./draft";
import type { Mapping } from "./template";

interface MappingFieldsProps {
  draft: BatchDraft;
  columns: string[];
  onChange: (change: Partial<BatchDraft>) => void;
  error: Error | null;
}

const KINDS: { value: BatchDraft["kind"]; label: string }[] = [
  { value: "outbound", label: "A phone call" },
  { value: "workflow", label: "A workflow call" },
];

/** The batch, and what each row becomes: columns go into the call, which can be changed below them. */
export function MappingFields(props: MappingFieldsProps) {
  const { draft, onChange, error } = props;
  return (
    <>
      <BatchFields {...props} />
      <Section title="Calls" text="Each row becomes a call. Its columns go into the fields below.">
        <div className={build.stack}>
          <ColumnFields {...props} />
          <BodyEditor
            draft={draft.call}
            kind={draft.kind}
            onChange={(call) => onChange({ call })}
            error={error}
            hint="{{row.column}} stands for a row's value."
            priority="7"
          />
        </div>
      </Section>
    </>
  );
}

function BatchFields({ draft, onChange, error }: MappingFieldsProps) {
  return (
    <Section title="Batch">
      <Fields>
        <TextInput
          label="Name of the batch"
          description="For people."
          value={draft.name}
          onChange={(event) => onChange({ name: event.currentTarget.value })}
          error={fieldError(error, "name")}
        />
        <TextInput
          type="datetime-local"
          label="No phone rings before"
          description={`In ${viewerZone()}; empty: from its start.`}
          value={draft.startsAt}
          onChange={(event) => onChange({ startsAt: event.currentTarget.value })}
          error={fieldError(error, "starts_at")}
        />
        <TextInput
          type="datetime-local"
          label="No attempt after"
          description="Empty: 7 days after its start. At most 14 days ahead."
          value={draft.endsAt}
          onChange={(event) => onChange({ endsAt: event.currentTarget.value })}
          error={fieldError(error, "ends_at")}
        />
        <NumberInput
          label="A call lasts about"
          description="For the forecast."
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
    </Section>
  );
}

function ColumnFields({ draft, columns, onChange, error }: MappingFieldsProps) {
  const named = [...new Set(columns.filter(Boolean))];
  const map = (change: Partial<Mapping>) => onChange(mapped(draft, change));
  return (
    <Fields>
      <Select
        label="Each row starts"
        data={KINDS}
        value={draft.kind}
        allowDeselect={false}
        onChange={(kind) => onChange(ofKind(draft, kind ?? draft.kind))}
        error={fieldError(error, "kind")}
      />
      <Select
        label="Column of phone numbers"
        data={named}
        value={draft.phone}
        allowDeselect={false}
        searchable
        onChange={(phone) => map({ phone })}
      />
      {draft.kind === "workflow" && (
        <Select
          label="Column of user ids"
          data={named}
          value={draft.user}
          allowDeselect={false}
          searchable
          onChange={(user) => map({ user })}
        />
      )}
      <MultiSelect
        label="Columns in the metadata"
        data={named}
        value={draft.metadata}
        searchable
        onChange={(metadata) => map({ metadata })}
      />
    </Fields>
  );
}
