import { Textarea } from "@mantine/core";
import classes from "./JsonField.module.css";

interface JsonFieldProps {
  label: string;
  description?: string;
  value: string;
  onChange: (text: string) => void;
  error?: string | undefined;
  readOnly?: boolean;
  minRows?: number;
}

const MOST_ROWS = 24;

/** JSON as text: in monospace, without spell checking, with the error below. */
export function JsonField({ label, value, onChange, minRows = 4, error, ...rest }: JsonFieldProps) {
  const rows = Math.min(MOST_ROWS, Math.max(minRows, value.split("\n", MOST_ROWS + 1).length));
  return (
    <Textarea
      {...rest}
      label={label}
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
      error={error && <span className={classes.error}>{error}</span>}
      rows={rows}
      spellCheck={false}
      autoComplete="off"
      classNames={{ input: classes.input ?? "" }}
    />
  );
}
