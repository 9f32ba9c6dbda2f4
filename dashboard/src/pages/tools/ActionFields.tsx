import { Button, Select, TextInput } from "@mantine/core";
import { JsonField } from "~/components/JsonField";
import { namesWith } from "../build/names";
import { useChoices } from "../build/queries";
import { ACTION_FIELDS, fieldProblem, fieldsOf, newAction, type ActionDraft } from "./config";
import classes from "./tools.module.css";

interface ActionFieldsProps {
  action: ActionDraft;
  number: number;
  onChange: (action: ActionDraft) => void;
  onRemove: () => void;
}

const LABELS: Record<string, string> = {
  api_call: "Send a request to your backend",
  set_state: "Change the workflow's state",
  transfer_agent: "Transfer to another agent",
  end_call: "End the call",
};
const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];

/** One action: its type, and the fields of that type. */
export function ActionFields({ action, number, onChange, onRemove }: ActionFieldsProps) {
  const rest = Object.keys(action.rest);
  const types = namesWith(Object.keys(ACTION_FIELDS), [action.type]);
  return (
    <fieldset className={classes.actionFields}>
      <legend className="visually-hidden">{`Action ${number}`}</legend>
      <div className={classes.actionHead}>
        <Select
          aria-label={`Action ${number}`}
          data={types.map((value) => ({ value, label: LABELS[value] ?? value }))}
          allowDeselect={false}
          value={action.type}
          onChange={(type) =>
            type && type !== action.type && onChange({ ...newAction(type), key: action.key })
          }
        />
        <Button variant="default" size="compact-sm" aria-label={`Remove action ${number}`} onClick={onRemove}>
          Remove
        </Button>
      </div>
      <div className={classes.actionGrid}>
        {fieldsOf(action).map((field) => (
          <ActionField
            key={field.name}
            field={field}
            text={action.texts[field.name] ?? ""}
            onChange={(text) => onChange({ ...action, texts: { ...action.texts, [field.name]: text } })}
          />
        ))}
      </div>
      {rest.length > 0 && <p className={classes.rest}>{`Also set, in the JSON: ${rest.join(", ")}.`}</p>}
    </fieldset>
  );
}

interface ActionFieldProps {
  field: ReturnType<typeof fieldsOf>[number];
  text: string;
  onChange: (text: string) => void;
}

function ActionField({ field, text, onChange }: ActionFieldProps) {
  const { agents } = useChoices();
  const { label, description, kind } = field;
  if (kind === "method" || kind === "agent") {
    const names = kind === "method" ? METHODS : agents.map(({ name }) => name);
    return (
      <Select
        label={label}
        description={description}
        placeholder={kind === "method" ? "GET" : "Choose an agent"}
        data={namesWith(names, text ? [text] : [])}
        searchable={kind === "agent"}
        value={text || null}
        onChange={(value) => onChange(value ?? "")}
      />
    );
  }
  if (kind === "text") {
    const set = (event: { currentTarget: { value: string } }) => onChange(event.currentTarget.value);
    return <TextInput label={label} description={description} value={text} onChange={set} />;
  }
  return (
    <JsonField
      label={label}
      {...(description ? { description } : {})}
      minRows={3}
      value={text}
      onChange={onChange}
      error={fieldProblem(field, text)}
    />
  );
}
