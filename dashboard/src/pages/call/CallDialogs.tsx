import { api, body } from "~/api/client";
import { ConfirmDialog } from "~/components/ConfirmDialog";
import type { CallView } from "./timeline";

interface DialogProps {
  call: CallView;
  onClose: () => void;
  onDone: () => void;
}

/** Cancels a call that waits, or hangs up one that rings or talks. */
export function EndDialog({ call, onClose, onDone }: DialogProps) {
  const isOn = call.status === "active" || call.status === "connecting";
  const path = { call_id: call.call_id };
  return (
    <ConfirmDialog
      opened
      onClose={onClose}
      title={isOn ? "Hang up this call?" : "Cancel this call?"}
      confirm={isOn ? "Hang up" : "Cancel the call"}
      dismiss="Keep"
      danger
      onConfirm={async () => {
        await body(api.POST("/api/v1/calls/{call_id}/cancel", { params: { path } }));
        onDone();
      }}
    >
      {endText(call)}
    </ConfirmDialog>
  );
}

function endText(call: CallView): string {
  if (call.status === "active")
    return "Person and agent are cut off at once. The call ends as hung up by request.";
  if (call.status === "connecting")
    return "It stops ringing. The call ends as cancelled, and is not dialled again.";
  return "It leaves the line, and no phone rings for it. Webhooks are told that it was cancelled.";
}

/** Deletes the personal data of a call for good. */
export function EraseDialog({ call, onClose, onDone }: DialogProps) {
  const path = { call_id: call.call_id };
  return (
    <ConfirmDialog
      opened
      onClose={onClose}
      title="Erase this call?"
      confirm="Erase for good"
      typed="erase"
      danger
      onConfirm={async () => {
        await body(api.DELETE("/api/v1/calls/{call_id}", { params: { path } }));
        onDone();
      }}
    >
      Numbers, user, context, metadata, transcript, summary and variables are deleted, and nobody can bring
      them back. That the call took place, when, and how it ended stays.
    </ConfirmDialog>
  );
}
