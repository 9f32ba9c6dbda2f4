import { CopyButton } from "./CopyButton";
import classes from "./IdText.module.css";

interface IdTextProps {
  id: string;
  /** What it identifies: "call id". */
  what?: string;
  /** Show the first characters only; the whole id is copied. */
  short?: boolean;
}

/** An id in monospace with a button that copies it. */
export function IdText({ id, what = "id", short = false }: IdTextProps) {
  return (
    <span className={classes.id}>
      <span className={classes.text} title={id}>
        {short && id.length > 12 ? `${id.slice(0, 8)}…` : id}
      </span>
      <CopyButton text={id} what={what} />
    </span>
  );
}
