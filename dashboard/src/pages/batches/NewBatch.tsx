import { Button, Progress } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useRef, useState } from "react";
import { api, body } from "~/api/client";
import { newIdempotencyKey } from "~/api/idempotency";
import { upload } from "~/api/upload";
import { FormError } from "~/components/FormError";
import { Page } from "~/components/Page";
import { ScopedButton } from "~/components/ScopedButton";
import { fieldsWithin } from "~/lib/form-errors";
import build from "../build/build.module.css";
import { bodyProblem } from "../call-form/body";
import { draftOf, specOf, withColumns, type BatchDraft } from "./draft";
import type { Format } from "./file-preview";
import { FilePicker, type Picked } from "./FilePicker";
import { MappingFields } from "./MappingFields";
import { PreviewTable } from "./PreviewTable";
import { actOn, type Batch } from "./queries";

const FIELDS = ["name", "kind", "body", "same_numbers", "starts_at", "ends_at", "average_call_s"];

/** A file becomes a batch: its columns are mapped, then all rows are checked, and nobody is called. */
export function NewBatch() {
  const [picked, setPicked] = useState<Picked | null>(null);
  const [draft, setDraft] = useState<BatchDraft>(draftOf);
  const navigate = useNavigate();
  const { check, progress } = useCheck(draft, picked);
  const pick = (found: Picked) => {
    setPicked(found);
    setDraft((before) => withColumns(before, found.preview.always, found.file.name));
  };
  return (
    <Page
      title="New batch"
      text="Calls each row of a file. All rows are checked first, and nobody is called."
    >
      <form className={build.form} onSubmit={(event) => event.preventDefault()}>
        <FilePicker picked={picked} onPick={pick} />
        {picked && <PreviewTable preview={picked.preview} />}
        {picked && (
          <MappingFields
            draft={draft}
            columns={picked.preview.columns}
            onChange={(change) => setDraft((before) => ({ ...before, ...change }))}
            error={check.error}
          />
        )}
        {progress !== null && <Progress aria-label="Upload" value={progress * 100} animated mb="md" />}
        <FormError error={check.error} fields={fieldsWithin(check.error, FIELDS)} />
        <div className={build.buttons}>
          <ScopedButton
            scope="batches:write"
            loading={check.isPending}
            blocked={picked ? bodyProblem(draft.call) : "Choose a file first."}
            onClick={() => check.mutate()}
          >
            Check the rows
          </ScopedButton>
          <Button variant="default" onClick={() => void navigate({ to: "/batches" })}>
            Cancel
          </Button>
          <span className={build.muted} role="status">
            {progress === null ? "" : `${Math.round(progress * 100)} % uploaded`}
          </span>
        </div>
      </form>
    </Page>
  );
}

/** Creates the batch, uploads the file and starts the dry run. A second try goes on with the same batch. */
function useCheck(draft: BatchDraft, picked: Picked | null) {
  const navigate = useNavigate();
  const [progress, setProgress] = useState<number | null>(null);
  const made = useRef<{ of: BatchDraft; batch: Batch } | null>(null);
  const check = useMutation({
    mutationFn: async () => {
      if (!picked) return;
      const { file, format } = picked;
      const isOther = made.current?.of !== draft || made.current.batch.format !== format;
      if (isOther || !made.current) made.current = { of: draft, batch: await create(draft, format) };
      const { batch } = made.current;
      if (batch.upload) await upload(batch.upload.url, file, setProgress);
      await actOn(batch.id, "start");
      await navigate({ to: "/batches/$batchId", params: { batchId: batch.id } });
    },
    onSettled: () => setProgress(null),
  });
  return { check, progress };
}

function create(draft: BatchDraft, format: Format): Promise<Batch> {
  return body(api.POST("/api/v1/batches", { headers: newIdempotencyKey(), body: specOf(draft, format) }));
}
