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
import { parseObject } from "~/lib/json-text";
import build from "../build/build.module.css";
import { draftOf, withColumns, type BatchDraft } from "./draft";
import { FilePicker, type Picked } from "./FilePicker";
import { MappingFields } from "./MappingFields";
import { PreviewTable } from "./PreviewTable";
import { actOn, type Batch } from "./queries";

const FIELDS = ["name", "body", "same_numbers", "starts_at", "ends_at", "average_call_s"];

/** A file becomes a batch: its columns are mapped, then all rows are checked, and nobody is called. */
export function NewBatch() {
  const [picked, setPicked] = useState<Picked | null>(null);
  const [draft, setDraft] = useState<BatchDraft>(draftOf);
  const navigate = useNavigate();
  const { check, progress } = useCheck(draft, picked?.file ?? null);
  const pick = (found: Picked) => {
    setPicked(found);
    setDraft((before) => withColumns(before, found.preview.columns, found.file.name));
  };
  const isReadable = parseObject(draft.template, "body").error === undefined;
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
            blocked={picked ? undefined : "Choose a file first."}
            onClick={() => isReadable && check.mutate()}
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
function useCheck(draft: BatchDraft, file: File | null) {
  const navigate = useNavigate();
  const [progress, setProgress] = useState<number | null>(null);
  const made = useRef<{ of: BatchDraft; batch: Batch } | null>(null);
  const check = useMutation({
    mutationFn: async () => {
      if (!file) return;
      if (made.current?.of !== draft) made.current = { of: draft, batch: await create(draft) };
      const { batch } = made.current;
      if (batch.upload) await upload(batch.upload.url, file, setProgress);
      await actOn(batch.id, "start");
      await navigate({ to: "/batches/$batchId", params: { batchId: batch.id } });
    },
    onSettled: () => setProgress(null),
  });
  return { check, progress };
}

function create(draft: BatchDraft): Promise<Batch> {
  const template = parseObject(draft.template, "body").value ?? {};
  return body(
    api.POST("/api/v1/batches", {
      headers: newIdempotencyKey(),
      body: {
        name: draft.name,
        kind: "outbound",
        body: template,
        format: "csv",
        dry_run: true,
        same_numbers: draft.callsSameNumbers ? "call" : "refuse",
        average_call_s: Number(draft.averageCallS),
      },
    }),
  );
}
