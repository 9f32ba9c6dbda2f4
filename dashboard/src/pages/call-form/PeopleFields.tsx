import { Autocomplete, Select, TextInput } from "@mantine/core";
import type { CallFieldsProps } from "./draft";
import { errorOf } from "~/lib/form-errors";
import { useAgents, useTestNumbers, useWorkflows, type Agent } from "./options";
import classes from "./call-form.module.css";

/** Who talks to whom. */
export function PeopleFields(props: CallFieldsProps) {
  const { draft, set, error, isPhone } = props;
  return (
    <>
      {draft.kind === "workflow" ? <WorkflowField {...props} /> : <AgentField {...props} />}
      {isPhone && <PhoneField {...props} />}
      {draft.kind !== "phone" && (
        <TextInput
          label="User id"
          description="Your name for the person. GET /calls?user_id= finds their calls"
          value={draft.userId}
          error={errorOf(error, "user_id")}
          onChange={(event) => set({ userId: event.currentTarget.value })}
        />
      )}
      {isPhone && <CallerField {...props} />}
    </>
  );
}

function AgentField({ draft, set, error }: CallFieldsProps) {
  const { agents, isLoading } = useAgents();
  const isWeb = draft.kind === "web";
  const valueOf = (agent: Agent) => (isWeb ? agent.name : agent.id);
  const value = isWeb ? draft.agentName : draft.agentId;
  const text = errorOf(error, "agentId", "agent_name");
  const change = (chosen: string) => set(isWeb ? { agentName: chosen } : { agentId: chosen, callerId: "" });
  if (!isLoading && agents.length === 0) {
    return (
      <TextInput
        label={isWeb ? "Agent's name" : "Agent's id"}
        description="There is no list to choose from: you have no agents here, or your key lacks the scope agents:read"
        value={value}
        error={text}
        onChange={(event) => change(event.currentTarget.value)}
      />
    );
  }
  return (
    <Select
      label="Agent"
      description="Who talks to the person"
      placeholder={isLoading ? "Loading" : "Choose an agent"}
      searchable
      limit={100}
      data={withChosen(optionsOf(agents, valueOf), value)}
      value={value || null}
      error={text}
      onChange={(chosen) => change(chosen ?? "")}
    />
  );
}

/** Two agents of different modes may share a name or an id: an option is shown once. */
function optionsOf(agents: Agent[], valueOf: (agent: Agent) => string) {
  const options = new Map(
    agents.map((agent) => [
      valueOf(agent),
      {
        value: valueOf(agent),
        label: agent.status === "active" ? agent.name : `${agent.name} (${agent.status})`,
        disabled: agent.status !== "active",
      },
    ]),
  );
  return [...options.values()];
}

/** What is chosen already may be a template, or be gone. */
function withChosen(options: { value: string; label: string; disabled?: boolean }[], chosen: string) {
  const isKnown = chosen === "" || options.some(({ value }) => value === chosen);
  return isKnown ? options : [...options, { value: chosen, label: chosen }];
}

function WorkflowField({ draft, set, error }: CallFieldsProps) {
  const { workflows, isLoading } = useWorkflows();
  const text = errorOf(error, "workflow_slug");
  if (!isLoading && workflows.length === 0) {
    return (
      <TextInput
        label="Workflow's slug"
        description="There is no list to choose from: you have no workflows here, or your key lacks the scope workflows:read"
        value={draft.workflowSlug}
        error={text}
        onChange={(event) => set({ workflowSlug: event.currentTarget.value })}
      />
    );
  }
  return (
    <Select
      label="Workflow"
      description="Its agents, tools and variables"
      placeholder={isLoading ? "Loading" : "Choose a workflow"}
      searchable
      limit={100}
      data={withChosen(
        workflows.map(({ slug, name, channel }) => ({ value: slug, label: `${name} (${channel})` })),
        draft.workflowSlug,
      )}
      value={draft.workflowSlug || null}
      error={text}
      onChange={(chosen) => set({ workflowSlug: chosen ?? "" })}
    />
  );
}

function PhoneField({ draft, set, error }: CallFieldsProps) {
  const numbers = useTestNumbers();
  const texts = new Map(numbers.map(({ number, text }) => [number, text]));
  const isOffered = numbers.length > 0;
  return (
    <Autocomplete
      label="Phone number"
      description={
        texts.get(draft.phoneNumber) ??
        (isOffered ? "E.164. Choose a test number to see what it does" : "E.164, such as +15550100001")
      }
      placeholder="+15550100001"
      data={numbers.map(({ number }) => number)}
      renderOption={({ option }) => (
        <span className={classes.option}>
          <span className="tabular">{option.value}</span>
          <small>{texts.get(option.value)}</small>
        </span>
      )}
      maxDropdownHeight={320}
      value={draft.phoneNumber}
      // A phone workflow takes the number from its user context.
      error={errorOf(
        error,
        "phoneNumber",
        "phone_number",
        ...(draft.kind === "workflow" ? ["user_context"] : []),
      )}
      onChange={(phoneNumber) => set({ phoneNumber })}
    />
  );
}

function CallerField({ draft, set, error }: CallFieldsProps) {
  const { agents } = useAgents();
  const { workflows } = useWorkflows();
  const entry = workflows.find(({ slug }) => slug === draft.workflowSlug)?.entry_agent;
  const agent = agents.find(({ id, name }) =>
    draft.kind === "phone" ? id === draft.agentId : id === entry || name === entry,
  );
  return (
    <Autocomplete
      label="Caller id"
      description="What the person sees: one of the trunk's numbers"
      placeholder={agent?.phone_numbers[0] ?? "The agent's first number"}
      data={agent?.phone_numbers ?? []}
      value={draft.callerId}
      error={errorOf(error, "callerId", "caller_id")}
      onChange={(callerId) => set({ callerId })}
    />
  );
}
