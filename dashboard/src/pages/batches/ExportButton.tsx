import { Button } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Download } from "lucide-react";
import { api, body } from "~/api/client";
import { pollIntervalMs } from "~/api/polling";
import { FormError } from "~/components/FormError";
import { ScopedButton } from "~/components/ScopedButton";
import { exportQuery, type Batch } from "./queries";

const EVERY_MS = 2_000;

/** Writes all results as CSV, then links to the file. */
export function ExportButton({ batch }: { batch: Batch }) {
  const client = useQueryClient();
  const query = useQuery({
    ...exportQuery(batch.id),
    refetchInterval: ({ state }) => (state.data?.status === "preparing" ? pollIntervalMs(EVERY_MS) : false),
  });
  const params = { path: { batch_id: batch.id } };
  const start = useMutation({
    mutationFn: () => body(api.POST("/api/v1/batches/{batch_id}/export", { params })),
    onSuccess: (view) => client.setQueryData(exportQuery(batch.id).queryKey, view),
  });
  const isPreparing = query.data?.status === "preparing";
  return (
    <>
      {query.data?.url && (
        <Button
          component="a"
          href={query.data.url}
          download
          variant="filled"
          leftSection={<Download size={14} />}
        >
          Download CSV
        </Button>
      )}
      <ScopedButton
        scope="batches:read"
        variant="default"
        loading={start.isPending || isPreparing}
        onClick={() => start.mutate()}
      >
        {query.data?.url ? "Export again" : "Export as CSV"}
      </ScopedButton>
      <FormError error={start.error} />
    </>
  );
}
