import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { upload } from "~/api/upload";
import { FormError } from "~/components/FormError";
import { ScopedButton } from "~/components/ScopedButton";
import { oneOf } from "~/lib/search";
import build from "../build/build.module.css";
import { FORMATS } from "./file-preview";
import { FilePicker, type Picked } from "./FilePicker";
import { PreviewTable } from "./PreviewTable";
import { actOn, type Batch } from "./queries";

/** Uploads the rows of a batch that waits for them, in its format. */
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
  const only = oneOf(batch.format, FORMATS);
  return (
    <>
      <FilePicker picked={picked} onPick={setPicked} {...(only ? { only } : {})} />
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
