import { Kbd, Modal } from "@mantine/core";
import type { Section } from "./navigation";
import classes from "./ShortcutsDialog.module.css";

interface ShortcutsDialogProps {
  sections: Section[];
  onClose: () => void;
}

/** The list of keyboard shortcuts. */
export default function ShortcutsDialog({ sections, onClose }: ShortcutsDialogProps) {
  return (
    <Modal opened onClose={onClose} title="Keyboard shortcuts" closeButtonProps={{ "aria-label": "Close" }}>
      <dl className={classes.list}>
        <Row keys={["?"]} what="This list" />
        <Row keys={["/"]} what="The page's search" />
        {sections
          .flatMap((section) => section.pages)
          .map((page) => (
            <Row key={page.to} keys={["g", page.key]} what={page.label} />
          ))}
        <Row keys={["↑", "↓"]} what="Rows of a table" />
        <Row keys={["Enter"]} what="Open the row" />
        <Row keys={["Space"]} what="Select the row" />
      </dl>
    </Modal>
  );
}

function Row({ keys, what }: { keys: string[]; what: string }) {
  return (
    <div className={classes.row}>
      <dt>{what}</dt>
      <dd>
        {keys.map((key) => (
          <Kbd key={key}>{key}</Kbd>
        ))}
      </dd>
    </div>
  );
}
