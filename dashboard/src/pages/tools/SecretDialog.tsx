import { Button, Group, Modal, PasswordInput, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, body } from "~/api/client";
import { newIdempotencyKey } from "~/api/idempotency";
import { FormError } from "~/components/FormError";
import { fieldError } from "~/lib/form-errors";
import type { Secret } from "../build/queries";

interface SecretDialogProps {
  /** The secret whose value is replaced; null for a new one. */
  secret: Secret | null;
  onClose: () => void;
}

/** Takes the value of a secret; it leaves the page with the request. */
export function SecretDialog({ secret, onClose }: SecretDialogProps) {
  const [name, setName] = useState(secret?.name ?? "");
  const [value, setValue] = useState("");
  const [once] = useState(newIdempotencyKey);
  const client = useQueryClient();
  const save = useMutation({
    mutationFn: () => {
      if (!secret) return body(api.POST("/api/v1/secrets", { body: { name, value }, headers: once }));
      const params = { path: { secret: secret.name } };
      return body(api.PATCH("/api/v1/secrets/{secret}", { params, body: { value } }));
    },
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ["secrets"] });
      onClose();
    },
  });
  return (
    <Modal
      opened
      onClose={onClose}
      title={secret ? `Replace the value of ${secret.name}` : "New secret"}
      closeButtonProps={{ "aria-label": "Close" }}
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          save.mutate();
        }}
      >
        {!secret && (
          <TextInput
            label="Name"
            description="Letters, digits, _ and -."
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            error={fieldError(save.error, "name")}
            mb="sm"
          />
        )}
        <PasswordInput
          label="Value"
          description={
            secret ? "The next request uses it, also in calls that are active." : "It cannot be read again."
          }
          autoComplete="off"
          value={value}
          onChange={(event) => setValue(event.currentTarget.value)}
          error={fieldError(save.error, "value")}
          visibilityToggleButtonProps={{ "aria-label": "Show the value" }}
        />
        <FormError error={save.error} fields={["name", "value"]} />
        <Group justify="flex-end" gap="xs" mt="md">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={save.isPending}>
            {secret ? "Replace" : "Create secret"}
          </Button>
        </Group>
      </form>
    </Modal>
  );
}
