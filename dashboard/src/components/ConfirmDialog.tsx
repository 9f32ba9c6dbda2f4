import { Button, Group, Modal, Text, TextInput } from "@mantine/core";
import { useState, type ReactNode } from "react";
import { FormError } from "./FormError";

interface ConfirmDialogProps {
  opened: boolean;
  onClose: () => void;
  /** What is asked, as a question: "Revoke this key?" */
  title: string;
  children: ReactNode;
  /** The verb on the button: "Revoke". */
  confirm: string;
  /** Another word for the way out, where "Cancel" is what is asked. */
  dismiss?: string;
  danger?: boolean;
  /** A text that must be typed first: for what cannot be undone. */
  typed?: string;
  /** Does it; the dialog stays open and shows the error if it throws. */
  onConfirm: () => Promise<unknown>;
}

/** Asks before something that is hard to undo. */
export function ConfirmDialog({
  opened,
  onClose,
  title,
  children,
  confirm,
  dismiss = "Cancel",
  danger = false,
  typed,
  onConfirm,
}: ConfirmDialogProps) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<Error | null>(null);
  const [text, setText] = useState("");
  const close = () => {
    setError(null);
    setText("");
    onClose();
  };
  const run = async () => {
    setBusy(true);
    setError(null);
    try {
      await onConfirm();
      close();
    } catch (thrown) {
      setError(thrown instanceof Error ? thrown : new Error(String(thrown)));
    } finally {
      setBusy(false);
    }
  };
  return (
    <Modal opened={opened} onClose={close} title={title} closeButtonProps={{ "aria-label": "Close" }}>
      <Text component="div" size="sm" c="dimmed" mb="md">
        {children}
      </Text>
      {typed && (
        <TextInput
          label={`Type “${typed}” to confirm`}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
          mb="md"
        />
      )}
      <FormError error={error} />
      <Group justify="flex-end" gap="xs" mt="md">
        <Button variant="default" onClick={close}>
          {dismiss}
        </Button>
        <Button
          color={danger ? "red.8" : undefined}
          loading={busy}
          disabled={typed !== undefined && text !== typed}
          onClick={() => void run()}
        >
          {confirm}
        </Button>
      </Group>
    </Modal>
  );
}
