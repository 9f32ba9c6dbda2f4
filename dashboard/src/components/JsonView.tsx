import { Button } from "@mantine/core";
import { useMemo, useState } from "react";
import { excerpt } from "~/lib/excerpt";
import { CopyButton } from "./CopyButton";
import classes from "./JsonView.module.css";

interface JsonViewProps {
  value: unknown;
  /** What it is: "call". */
  what: string;
}

const SHOWN_AT_ONCE = 20_000;

/** A value as JSON: text only, at first the beginning of a long one; all of it is copied. */
export function JsonView({ value, what }: JsonViewProps) {
  const text = useMemo(() => JSON.stringify(value, null, 2), [value]);
  const [shown, setShown] = useState(SHOWN_AT_ONCE);
  const part = excerpt(text, shown);
  return (
    <div>
      <div className={classes.bar}>
        <span className="tabular">{`${text.length.toLocaleString("en")} characters`}</span>
        <CopyButton text={text} what={`${what} as JSON`} />
      </div>
      <pre className={classes.json} tabIndex={0} aria-label={`${what} as JSON`}>
        {part.text}
      </pre>
      {part.left > 0 && (
        <Button
          variant="default"
          size="compact-sm"
          mt={6}
          onClick={() => setShown(shown + 10 * SHOWN_AT_ONCE)}
        >
          {`Show more: ${part.left.toLocaleString("en")} characters left`}
        </Button>
      )}
    </div>
  );
}
