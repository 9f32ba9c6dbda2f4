import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { upload } from "~/api/upload";
import { FormError } from "~/components/FormError";
import { ScopedButton } from "~/components/ScopedButton";
import build from "../build/build.module.css";
import { FilePicker, type Picked } from "./FilePicker";
import { PreviewTable } from "./PreviewTable";
import { actOn, type Batch } from "./queries";

/** Uploads the rows of a batch that waits for them: a CSV file, for its format is one. */
export function UploadRows({ batch }: { batch: Batch }) {
  const [picked, setPicked] = useState<Picked | null>(null);
  const [progress, setProgress] = useState(0);
  const client = useQueryClient();
  const send = useMutation({
    mutationFn: async () => {
      if (!picked || !batch.upload) return;
      await upload(batch.upload.url, picked.file, setProgress);
      await actOn(batch.id, "start");
      await client.invalidateQueries({ queryKey: ["batches"] });
    },
  });
  if (batch.format !== "csv") return null;
  return (
    <>
      <FilePicker picked={picked} onPick={setPicked} />
      {picked && <PreviewTable preview={picked.preview} />}
      <FormError error={send.error} />
      <div className={build.buttons}>
        <ScopedButton
          scope="batches:write"
          loading={send.isPending}
          blocked={picked ? undefined : "Choose a file first."}
          onClick={() => send.mutate()}
        >
          {batch.dry_run ? "Check the rows" : "Upload and call"}
        </ScopedButton>
        <span className={build.muted} role="status">
          {send.isPending ? `${Math.round(progress * 100)} % uploaded` : ""}
        </span>
      </div>
    </>
  );
}
