import { Button, Group, Modal, NativeSelect } from "@mantine/core";
import type { ReactNode } from "react";
import { FormError } from "./FormError";

interface RotateDialogProps {
  title: string;
  /** What happens, in a paragraph. */
  children: ReactNode;
  /** What the overlap means. */
  label: string;
  overlaps: { value: string; label: string }[];
  overlap: string;
  onOverlap: (seconds: string) => void;
  /** The text of the button. */
  action: string;
  error: Error | null;
  isBusy: boolean;
  onRotate: () => void;
  onClose: () => void;
}

/** Asks before a key or secret is replaced, and for how long the old one holds. */
export function RotateDialog(props: RotateDialogProps) {
  return (
    <Modal opened onClose={props.onClose} title={props.title} closeButtonProps={{ "aria-label": "Close" }}>
      {props.children}
      <NativeSelect
        label={props.label}
        data={props.overlaps}
        value={props.overlap}
        onChange={(event) => props.onOverlap(event.currentTarget.value)}
      />
      <FormError error={props.error} />
      <Group justify="flex-end" gap="xs" mt="md">
        <Button variant="default" onClick={props.onClose}>
          Cancel
        </Button>
        <Button loading={props.isBusy} onClick={props.onRotate}>
          {props.action}
        </Button>
      </Group>
    </Modal>
  );
}
