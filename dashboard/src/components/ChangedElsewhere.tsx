import { Button } from "@mantine/core";
import { GitMerge } from "lucide-react";
import classes from "./ChangedElsewhere.module.css";
import type { Elsewhere } from "./use-draft";

/** What a save waits for while the draft and the resource have gone different ways. */
export const CHOOSE_FIRST = "It was changed elsewhere: choose first what becomes of your edits.";

/** Says that somebody else changed what is being edited, and asks what becomes of the edits. */
export function ChangedElsewhere({ elsewhere }: { elsewhere: Elsewhere | null }) {
  if (!elsewhere) return null;
  return (
    <div className={classes.notice} role="alert">
      <GitMerge size={16} aria-hidden />
      <p className={classes.text}>
        <strong>Changed elsewhere while you were editing</strong>
        {`: ${wordsOf(elsewhere.fields)}. Your edits are not saved yet.`}
      </p>
      <Button size="compact-sm" onClick={elsewhere.keep}>
        Keep my edits
      </Button>
      <Button size="compact-sm" variant="default" onClick={elsewhere.drop}>
        Discard them
      </Button>
    </div>
  );
}

const MOST_NAMES = 4;

/** "ring timeout s, tools and 2 more". */
function wordsOf(fields: string[]): string {
  const names = fields.map((name) =>
    name
      .replace(/([a-z])([A-Z])/g, "$1 $2")
      .replaceAll("_", " ")
      .toLowerCase(),
  );
  const left = names.length - MOST_NAMES;
  return left > 0 ? `${names.slice(0, MOST_NAMES).join(", ")} and ${left} more` : names.join(", ");
}
