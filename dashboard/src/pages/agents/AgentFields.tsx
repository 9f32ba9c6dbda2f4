import { MultiSelect, NumberInput, Select, Switch, TextInput } from "@mantine/core";
import { Fields, Section } from "~/components/Section";
import { errorWithin, fieldError } from "~/lib/form-errors";
import { namesWith } from "../build/names";
import { PolicyFields } from "../build/LazyPolicyFields";
import { useChoices } from "../build/queries";
import type { AgentDraft } from "./draft";

interface AgentFieldsProps {
  draft: AgentDraft;
  onChange: (change: Partial<AgentDraft>) => void;
  error: Error | null;
  isNew: boolean;
}

const WITHOUT = {
  redial: "Otherwise each call is dialled once.",
  window: "Otherwise phones ring at any time.",
};

export function AgentFields(props: AgentFieldsProps) {
  const { draft, onChange, error } = props;
  return (
    <>
      <Identity {...props} />
      <Dialling {...props} />
      <Section title="Redials and calling window">
        <PolicyFields draft={draft} onChange={onChange} error={error} without={WITHOUT} />
      </Section>
    </>
  );
}

function Identity({ draft, onChange, error, isNew }: AgentFieldsProps) {
  const { tools } = useChoices();
  const toolNames = tools.map((tool) => tool.name);
  return (
    <Section title="Agent">
      <Fields>
        <TextInput
          label="Name"
          description={isNew ? "Cannot be changed later." : "Cannot be changed."}
          value={draft.name}
          readOnly={!isNew}
          onChange={(event) => onChange({ name: event.currentTarget.value })}
          error={fieldError(error, "name")}
        />
        <TextInput
          label="LiveKit agent name"
          description="The name that your worker registers."
          value={draft.livekit_agent_name}
          onChange={(event) => onChange({ livekit_agent_name: event.currentTarget.value })}
          error={fieldError(error, "livekit_agent_name")}
        />
        <MultiSelect
          label="Tools"
          description="In addition to its workflow's."
          data={namesWith(toolNames, draft.tools)}
          value={draft.tools}
          searchable
          onChange={(value) => onChange({ tools: value })}
          error={errorWithin(error, "tools")}
        />
        <Switch
          label="Active"
          description="Calls with an inactive agent are refused."
          checked={draft.isActive}
          onChange={(event) => onChange({ isActive: event.currentTarget.checked })}
        />
      </Fields>
    </Section>
  );
}

function Dialling({ draft, onChange, error }: AgentFieldsProps) {
  return (
    <Section title="Calls" text="How its calls are dialled. Calls that were accepted keep what they had.">
      <Fields>
        <TrunkFields draft={draft} onChange={onChange} error={error} />
        <NumberInput
          label="Rings for at most"
          description="Then nobody answered."
          suffix=" s"
          value={draft.ring_timeout_s}
          onChange={(value) => onChange({ ring_timeout_s: value })}
          error={fieldError(error, "ring_timeout_s")}
        />
        <NumberInput
          label="Talks for at most"
          description="Then the call is hung up."
          suffix=" s"
          value={draft.max_call_duration_s}
          onChange={(value) => onChange({ max_call_duration_s: value })}
          error={fieldError(error, "max_call_duration_s")}
        />
        <NumberInput
          label="Agent joins within"
          description="Counted from when it is sent."
          suffix=" s"
          value={draft.agent_join_timeout_s}
          onChange={(value) => onChange({ agent_join_timeout_s: value })}
          error={fieldError(error, "agent_join_timeout_s")}
        />
        <Select
          label="If the agent is lost in a call"
          description="It left without ending the call."
          data={[
            { value: "hang_up", label: "Hang up" },
            { value: "redispatch", label: "Send another one, once" },
          ]}
          allowDeselect={false}
          value={draft.agent_lost}
          onChange={(value) => onChange({ agent_lost: value ?? "hang_up" })}
          error={fieldError(error, "agent_lost")}
        />
        <Switch
          label="Wait for the agent"
          description="No phone rings before the agent is in the room."
          checked={draft.wait_for_agent}
          onChange={(event) => onChange({ wait_for_agent: event.currentTarget.checked })}
        />
      </Fields>
    </Section>
  );
}

function TrunkFields({ draft, onChange, error }: Omit<AgentFieldsProps, "isNew">) {
  const { trunks } = useChoices();
  const chosen = trunks.find((trunk) => trunk.id === draft.trunk);
  const names = trunks.map(({ id, name }) => ({ value: id, label: name }));
  const choices = draft.trunk && !chosen ? [...names, { value: draft.trunk, label: draft.trunk }] : names;
  return (
    <>
      <Select
        label="Trunk"
        description="Web calls need none."
        data={choices}
        value={draft.trunk}
        clearable
        clearButtonProps={{ "aria-label": "Without a trunk" }}
        onChange={(trunk) => onChange({ trunk, phone_numbers: [] })}
        error={fieldError(error, "trunk")}
      />
      <MultiSelect
        label="Numbers it calls from"
        description="None chosen: all of the trunk."
        data={namesWith(chosen?.numbers ?? [], draft.phone_numbers)}
        value={draft.phone_numbers}
        onChange={(value) => onChange({ phone_numbers: value })}
        error={errorWithin(error, "phone_numbers")}
      />
    </>
  );
}
