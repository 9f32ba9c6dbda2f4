import { Button, Checkbox, Group, Modal } from "@mantine/core";
import { useState, type ReactNode } from "react";
import { CopyButton } from "./CopyButton";
import classes from "./SecretOnce.module.css";

interface SecretOnceProps {
  /** "Save your API key". */
  title: string;
  /** What is shown: "API key". */
  what: string;
  secret: string;
  onClose: () => void;
  /** What it is for, and what happens to an earlier one. */
  children?: ReactNode;
}

/** Shows a secret that the API answers once; it does not close by a stray click. */
export default function SecretOnce({ title, what, secret, onClose, children }: SecretOnceProps) {
  const [stored, setStored] = useState(false);
  return (
    <Modal
      opened
      onClose={onClose}
      title={title}
      size="lg"
      withCloseButton={false}
      closeOnClickOutside={false}
      closeOnEscape={false}
    >
      <p className={classes.text}>
        Store it now, in your secret manager: <strong>it is shown only once.</strong> Trunkline cannot show it
        again.
      </p>
      <div className={classes.secret}>
        <code aria-label={what}>{secret}</code>
        <CopyButton text={secret} what={what} />
      </div>
      {children}
      <Group justify="space-between" mt="lg">
        <Checkbox
          label="I have stored it"
          checked={stored}
          onChange={(event) => setStored(event.currentTarget.checked)}
        />
        <Button disabled={!stored} onClick={onClose}>
          Done
        </Button>
      </Group>
    </Modal>
  );
}
