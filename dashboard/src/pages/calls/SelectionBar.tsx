import { Button } from "@mantine/core";
import { useState } from "react";
import { ConfirmDialog } from "~/components/ConfirmDialog";
import { ScopedButton } from "~/components/ScopedButton";
import { cancelCalls } from "./cancel";
import { cancelText } from "./cancel-text";
import classes from "./CallsPage.module.css";

interface SelectionBarProps {
  ids: ReadonlySet<string>;
  clear: () => void;
  onCancelled: (text: string) => void;
}

/** What can be done with the selected calls. */
export function SelectionBar({ ids, clear, onCancelled }: SelectionBarProps) {
  const [asked, setAsked] = useState(false);
  const count = ids.size.toLocaleString("en");
  const noun = ids.size === 1 ? "call" : "calls";
  return (
    <div className={classes.selection}>
      <span className="tabular">
        {count} {noun} selected
      </span>
      <ScopedButton
        scope="calls:create"
        size="compact-sm"
        variant="default"
        c="var(--tl-bad)"
        onClick={() => setAsked(true)}
      >
        {`Cancel ${count} ${noun}`}
      </ScopedButton>
      <Button size="compact-sm" variant="subtle" onClick={clear}>
        Clear
      </Button>
      <ConfirmDialog
        opened={asked}
        onClose={() => setAsked(false)}
        title={`Cancel ${count} ${noun}?`}
        confirm={`Cancel ${count} ${noun}`}
        dismiss="Keep"
        danger
        onConfirm={async () => {
          onCancelled(cancelText(await cancelCalls([...ids])));
          clear();
        }}
      >
        Those that wait leave the line, and no phone rings for them. Those that ring or talk are hung up.
        Those that have ended stay as they are.
      </ConfirmDialog>
    </div>
  );
}
