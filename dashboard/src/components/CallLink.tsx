import { Link } from "@tanstack/react-router";
import { CopyButton } from "./CopyButton";
import classes from "./IdText.module.css";

/** A call's id, shortened: it leads to the call, and copies. */
export function CallLink({ id }: { id: string }) {
  return (
    <span className={classes.id}>
      <Link to="/calls/$id" params={{ id }} className={classes.text} title={id}>
        {`${id.slice(0, 8)}…`}
      </Link>
      <CopyButton text={id} what="call id" />
    </span>
  );
}
