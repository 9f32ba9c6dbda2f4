import { ActionIcon } from "@mantine/core";
import { useClipboard } from "@mantine/hooks";
import { Check, Copy } from "lucide-react";
import { useTabIndex } from "./row-focus";

interface CopyButtonProps {
  text: string;
  /** What is copied: "call id". */
  what: string;
}

/** Copies a text, and says so, also to a screen reader. */
export function CopyButton({ text, what }: CopyButtonProps) {
  const tabIndex = useTabIndex();
  const clipboard = useClipboard({ timeout: 1500 });
  return (
    <>
      <ActionIcon
        variant="subtle"
        color="gray"
        size={24}
        aria-label={`Copy ${what}`}
        title={clipboard.copied ? "Copied" : `Copy ${what}`}
        tabIndex={tabIndex}
        onClick={(event) => {
          event.stopPropagation();
          clipboard.copy(text);
        }}
      >
        {clipboard.copied ? <Check size={14} /> : <Copy size={14} />}
      </ActionIcon>
      <span role="status" className="visually-hidden">
        {clipboard.copied ? `${what} copied` : ""}
      </span>
    </>
  );
}
