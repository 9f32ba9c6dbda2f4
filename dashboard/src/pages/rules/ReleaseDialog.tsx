import { useQueryClient } from "@tanstack/react-query";
import { ConfirmDialog } from "~/components/ConfirmDialog";
import { countOf } from "./number-list";
import { release } from "./queries";

interface ReleaseDialogProps {
  numbers: string[];
  onClose: () => void;
  /** All of them are released. */
  onDone: () => void;
}

/** Asks before numbers leave the suppression list; one that fails stops, and those before it are released. */
export default function ReleaseDialog({ numbers, onClose, onDone }: ReleaseDialogProps) {
  const queryClient = useQueryClient();
  const run = async () => {
    try {
      for (const number of numbers) await release(number);
      onDone();
    } finally {
      await queryClient.invalidateQueries({ queryKey: ["suppressions"] });
    }
  };
  return (
    <ConfirmDialog
      opened
      onClose={onClose}
      title={`Release ${numbers.length === 1 ? (numbers[0] ?? "") : countOf(numbers.length)}?`}
      confirm="Release"
      danger
      onConfirm={run}
    >
      They may be called again at once, by every call that is allowed to. The audit log keeps who released
      them.
    </ConfirmDialog>
  );
}
