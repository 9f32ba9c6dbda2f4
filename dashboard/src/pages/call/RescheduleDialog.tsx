import { Button, Group, Modal, Text, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { api, body, type Schemas } from "~/api/client";
import { FormError } from "~/components/FormError";
import { useDraft } from "~/components/use-draft";
import { fieldError } from "~/lib/form-errors";
import { fromLocalField, toLocalField, viewerZone } from "~/lib/local-time";
import type { CallView } from "./timeline";

interface RescheduleDialogProps {
  call: CallView;
  onClose: () => void;
  onDone: () => void;
}

const FIELDS = ["earliestAt", "latestAt", "priority", "timezone"];

/** Changes the times of a call that has not been queued. */
export default function RescheduleDialog({ call, onClose, onDone }: RescheduleDialogProps) {
  const { draft: wish, base, change: set } = useDraft(wishOf(call));
  const send = useMutation({
    mutationFn: () =>
      body(
        api.PATCH("/api/v1/calls/{call_id}", {
          params: { path: { call_id: call.call_id } },
          body: changeOf(wish, base),
        }),
      ),
    onSuccess: () => {
      onDone();
      onClose();
    },
  });
  return (
    <Modal opened onClose={onClose} title="Reschedule" closeButtonProps={{ "aria-label": "Close" }}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          send.mutate();
        }}
      >
        <Text size="sm" c="dimmed" mb="md">
          Times are in your zone, {viewerZone()}. A field that you leave empty stays as it is.
        </Text>
        {(["earliestAt", "latestAt"] as const).map((name) => (
          <TextInput
            key={name}
            type="datetime-local"
            label={LABELS[name]}
            mb="sm"
            value={wish[name]}
            error={fieldError(send.error, name)}
            onChange={(event) => set({ [name]: event.currentTarget.value })}
          />
        ))}
        <TextInput
          label="Priority"
          description="0 is dialled first, 10 last"
          inputMode="numeric"
          mb="sm"
          value={wish.priority}
          error={fieldError(send.error, "priority")}
          onChange={(event) => set({ priority: event.currentTarget.value })}
        />
        <TextInput
          label="Time zone of the callee"
          description="For the calling window, such as America/Denver"
          value={wish.timezone}
          error={fieldError(send.error, "timezone")}
          onChange={(event) => set({ timezone: event.currentTarget.value })}
        />
        <FormError error={send.error} fields={FIELDS} />
        <Group justify="flex-end" gap="xs" mt="lg">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={send.isPending}>
            Reschedule
          </Button>
        </Group>
      </form>
    </Modal>
  );
}

const LABELS = { earliestAt: "May ring from", latestAt: "No attempt after" };

function wishOf(call: CallView) {
  const { earliest_at, priority } = call;
  return { earliestAt: toLocalField(earliest_at), latestAt: "", priority: String(priority), timezone: "" };
}

type Wish = ReturnType<typeof wishOf>;

/** What was changed: what is as the call had it when the dialog was filled in stays as it is now. */
function changeOf(wish: Wish, base: Wish): Schemas["CallReschedule"] {
  const earliestAt = wish.earliestAt === base.earliestAt ? undefined : fromLocalField(wish.earliestAt);
  const latestAt = fromLocalField(wish.latestAt);
  const isSame = wish.priority === base.priority || wish.priority === "";
  return {
    ...(earliestAt ? { earliestAt } : {}),
    ...(latestAt ? { latestAt } : {}),
    // What is no number goes to the API as it is: its text says what is wrong.
    ...(isSame
      ? {}
      : { priority: Number.isNaN(Number(wish.priority)) ? (wish.priority as never) : Number(wish.priority) }),
    ...(wish.timezone ? { timezone: wish.timezone } : {}),
  };
}
