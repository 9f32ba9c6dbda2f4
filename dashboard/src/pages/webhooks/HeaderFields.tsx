import { ActionIcon, Button, TextInput } from "@mantine/core";
import { Plus, Trash2 } from "lucide-react";
import type { Header } from "./draft";
import classes from "./webhooks.module.css";

interface HeaderFieldsProps {
  headers: Header[];
  onChange: (headers: Header[]) => void;
  error: string | undefined;
}

const MOST = 20;

/** Headers of the tenant's own; values are shown to nobody once they are stored. */
export function HeaderFields({ headers, onChange, error }: HeaderFieldsProps) {
  const change = (key: number, part: Partial<Header>) =>
    onChange(headers.map((each) => (each.key === key ? { ...each, ...part } : each)));
  const nextKey = Math.max(-1, ...headers.map(({ key }) => key)) + 1;
  return (
    <fieldset className={classes.group}>
      <legend>Headers of your own</legend>
      {headers.map(({ key, name, value }, index) => (
        <div key={key} className={classes.headerRow}>
          <TextInput
            aria-label={`Name of header ${index + 1}`}
            placeholder="Authorization"
            value={name}
            onChange={(event) => change(key, { name: event.currentTarget.value })}
          />
          <TextInput
            aria-label={`Value of header ${index + 1}`}
            autoComplete="off"
            value={value}
            onFocus={(event) => event.currentTarget.select()}
            onChange={(event) => change(key, { value: event.currentTarget.value })}
          />
          <ActionIcon
            variant="subtle"
            color="gray"
            aria-label={`Remove header ${name || index + 1}`}
            onClick={() => onChange(headers.filter((each) => each.key !== key))}
          >
            <Trash2 size={15} />
          </ActionIcon>
        </div>
      ))}
      <Button
        variant="default"
        size="compact-sm"
        leftSection={<Plus size={14} />}
        disabled={headers.length >= MOST}
        onClick={() => onChange([...headers, { key: nextKey, name: "", value: "" }])}
      >
        Add a header
      </Button>
      {error && (
        <p role="alert" className={classes.error}>
          {error}
        </p>
      )}
    </fieldset>
  );
}
