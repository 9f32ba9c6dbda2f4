import { Button, Modal, Text } from "@mantine/core";
import type { ReactNode } from "react";
import { ConfirmDialog } from "./ConfirmDialog";
import classes from "./DeleteDialog.module.css";

interface DeleteDialogProps {
  opened: boolean;
  onClose: () => void;
  /** What is deleted: "agent Ada". */
  what: string;
  /** What refers to it: then it cannot be deleted. */
  users: string[];
  /** What follows from it. */
  children: ReactNode;
  onDelete: () => Promise<unknown>;
}

const SHOWN = 20;

/** Asks before a deletion, or says what is in its way. */
export function DeleteDialog({ opened, onClose, what, users, children, onDelete }: DeleteDialogProps) {
  if (users.length === 0) {
    return (
      <ConfirmDialog
        opened={opened}
        onClose={onClose}
        title={`Delete ${what}?`}
        confirm="Delete"
        danger
        onConfirm={onDelete}
      >
        {children}
      </ConfirmDialog>
    );
  }
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={`In use: ${what}`}
      closeButtonProps={{ "aria-label": "Close" }}
    >
      <Text size="sm">It cannot be deleted while these refer to it. Remove it there first:</Text>
      <ul className={classes.users}>
        {users.slice(0, SHOWN).map((user) => (
          <li key={user}>{user}</li>
        ))}
        {users.length > SHOWN && <li>{`and ${users.length - SHOWN} more`}</li>}
      </ul>
      <Button variant="default" onClick={onClose}>
        Close
      </Button>
    </Modal>
  );
}
