import { MultiSelect, NumberInput, Select, TagsInput, TextInput } from "@mantine/core";
import { JsonField } from "~/components/JsonField";
import { Fields, Section } from "~/components/Section";
import { errorWithin, fieldError } from "~/lib/form-errors";
import { parseObject } from "~/lib/json-text";
import classes from "../build/build.module.css";
import { namesWith } from "../build/names";
import { PolicyFields } from "../build/LazyPolicyFields";
import { useChoices } from "../build/queries";
import type { WorkflowDraft } from "./draft";

interface WorkflowFieldsProps {
  draft: WorkflowDraft;
  onChange: (change: Partial<WorkflowDraft>) => void;
  error: Error | null;
  isNew: boolean;
}

const WITHOUT = {
  redial: "Otherwise the entry agent's policy applies.",
  window: "Otherwise the entry agent's window applies.",
};

export function WorkflowFields(props: WorkflowFieldsProps) {
  const { draft, onChange, error } = props;
  return (
    <>
      <Identity {...props} />
      <Team {...props} />
      <State {...props} />
      <Section title="Redials and calling window">
        <PolicyFields draft={draft} onChange={onChange} error={error} without={WITHOUT} />
      </Section>
    </>
  );
}

function Identity({ draft, onChange, error, isNew }: WorkflowFieldsProps) {
  return (
    <Section title="Workflow">
      <Fields>
        <TextInput
          label="Slug"
          description={isNew ? "What calls name it by. Cannot be changed later." : "Cannot be changed."}
          value={draft.slug}
          readOnly={!isNew}
          onChange={(event) => onChange({ slug: event.currentTarget.value })}
          error={fieldError(error, "slug")}
        />
        <TextInput
          label="Name"
          description="For people."
          value={draft.name}
          onChange={(event) => onChange({ name: event.currentTarget.value })}
          error={fieldError(error, "name")}
        />
        <TextInput
          label="Description"
          description="For people."
          value={draft.description}
          onChange={(event) => onChange({ description: event.currentTarget.value })}
          error={fieldError(error, "description")}
        />
        <Select
          label="Channel"
          description="How the person takes part."
          data={[
            { value: "web", label: "Web: the person joins with a token" },
            { value: "phone", label: "Phone: dialled through a trunk" },
          ]}
          allowDeselect={false}
          value={draft.channel}
          onChange={(value) => onChange({ channel: value ?? "web" })}
          error={fieldError(error, "channel")}
        />
        <NumberInput
          label="Priority"
          description="0 is dialled first, 10 last."
          value={draft.priority}
          onChange={(value) => onChange({ priority: value })}
          error={fieldError(error, "priority")}
        />
        <NumberInput
          label="A web call waits for"
          description="Then it ends with timeout."
          suffix=" s"
          value={draft.join_window_s}
          onChange={(value) => onChange({ join_window_s: value })}
          error={fieldError(error, "join_window_s")}
        />
      </Fields>
    </Section>
  );
}

function Team({ draft, onChange, error }: WorkflowFieldsProps) {
  const choices = useChoices();
  const agents = choices.agents.map((agent) => agent.name);
  const tools = choices.tools.map((tool) => tool.name);
  return (
    <Section title="Agents and tools">
      <Fields>
        <Select
          label="Entry agent"
          description="Who begins the call."
          data={namesWith(agents, draft.entry_agent ? [draft.entry_agent] : [])}
          value={draft.entry_agent || null}
          searchable
          onChange={(value) => onChange({ entry_agent: value ?? "" })}
          error={fieldError(error, "entry_agent")}
        />
        <MultiSelect
          label="Other agents"
          description="Who may take over."
          data={namesWith(agents, draft.agents)}
          value={draft.agents}
          searchable
          onChange={(value) => onChange({ agents: value })}
          error={errorWithin(error, "agents")}
        />
        <MultiSelect
          label="Tools"
          description="What agents can do in a call."
          data={namesWith(tools, draft.tools)}
          value={draft.tools}
          searchable
          onChange={(value) => onChange({ tools: value })}
          error={errorWithin(error, "tools")}
        />
      </Fields>
    </Section>
  );
}

function State({ draft, onChange, error }: WorkflowFieldsProps) {
  const problem = parseObject(draft.variables, "variables").error ?? errorWithin(error, "variables");
  return (
    <Section title="State" text="The workflow's variables at the start of each call.">
      <div className={classes.stack}>
        <JsonField
          label="Variables"
          value={draft.variables}
          onChange={(variables) => onChange({ variables })}
          error={problem}
        />
        <TagsInput
          label="Secret keys"
          description="Variables and user context under these keys are hidden, and only tools get them."
          value={draft.secret_keys}
          onChange={(value) => onChange({ secret_keys: value })}
          error={errorWithin(error, "secret_keys")}
        />
      </div>
    </Section>
  );
}
