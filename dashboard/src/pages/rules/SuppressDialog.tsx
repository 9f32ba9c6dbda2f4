import { Button, FileButton, Group, Modal, Progress, Textarea, TextInput } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { FileUp } from "lucide-react";
import { useMemo, useState } from "react";
import { FormError } from "~/components/FormError";
import { fieldError } from "~/lib/form-errors";
import { importNumbers } from "./import-numbers";
import { countOf, decodeText, parseNumberList, type NumberList } from "./number-list";
import classes from "./Rules.module.css";

const FIELDS = ["numbers", "reason", "expires_at"];
/** A longer text is held, and not shown: a text field of megabytes freezes the page. */
const MOST_SHOWN = 20_000;

/** Adds numbers to the suppression list: pasted, or out of a CSV file. */
export default function SuppressDialog({ onClose }: { onClose: () => void }) {
  const queryClient = useQueryClient();
  const [text, setText] = useState("");
  const [file, setFile] = useState<{ name: string; text: string } | null>(null);
  const [reason, setReason] = useState("");
  const [until, setUntil] = useState("");
  const [done, setDone] = useState<number | null>(null);
  const [error, setError] = useState<Error | null>(null);
  const list = useMemo(() => parseNumberList(file?.text ?? text), [file, text]);
  const isRunning = done !== null;
  const run = async () => {
    setError(null);
    setDone(0);
    try {
      const expires_at = until === "" ? null : new Date(until).toISOString();
      await importNumbers(list.numbers, { reason, expires_at }, setDone);
      onClose();
    } catch (thrown) {
      setError(thrown instanceof Error ? thrown : new Error(String(thrown)));
    } finally {
      setDone(null);
      await queryClient.invalidateQueries({ queryKey: ["suppressions"] });
    }
  };
  return (
    <Modal
      opened
      onClose={onClose}
      size="lg"
      title="Add numbers to the suppression list"
      closeButtonProps={{ "aria-label": "Close" }}
      closeOnClickOutside={!isRunning}
    >
      <form
        className={classes.form}
        onSubmit={(event) => {
          event.preventDefault();
          if (list.numbers.length > 0 && !isRunning) void run();
        }}
      >
        {file ? (
          <Group justify="space-between">
            <span>{`${file.name}: its first column`}</span>
            <Button variant="default" size="compact-sm" onClick={() => setFile(null)} disabled={isRunning}>
              Type them instead
            </Button>
          </Group>
        ) : (
          <Textarea
            data-autofocus
            label="Numbers"
            description="One in a line, with + and country code, or the rows of a CSV file with the numbers in the first column."
            placeholder={"+14155550100\n+442079460000"}
            rows={6}
            value={text}
            maxLength={MOST_SHOWN}
            onChange={(event) => setText(event.currentTarget.value)}
            error={fieldError(error, "numbers")}
            disabled={isRunning}
          />
        )}
        <FileButton
          accept=".csv,.txt,text/csv,text/plain"
          onChange={(chosen) => {
            if (chosen) void readFile(chosen).then(setFile);
          }}
        >
          {(props) => (
            <Button {...props} variant="default" leftSection={<FileUp size={15} />} disabled={isRunning}>
              Choose a CSV file
            </Button>
          )}
        </FileButton>
        <Preview list={list} />
        <TextInput
          label="Reason"
          placeholder="asked not to be called"
          value={reason}
          onChange={(event) => setReason(event.currentTarget.value)}
          error={fieldError(error, "reason")}
          disabled={isRunning}
        />
        <TextInput
          type="datetime-local"
          label="Until"
          description="Empty: for good. The time is in your own time zone."
          value={until}
          onChange={(event) => setUntil(event.currentTarget.value)}
          error={fieldError(error, "expires_at")}
          disabled={isRunning}
        />
        {isRunning && (
          <div role="status">
            <Progress value={(100 * done) / list.numbers.length} aria-label="Progress of the import" />
            <span
              className={classes.hint}
            >{`${done.toLocaleString("en")} of ${countOf(list.numbers.length)}`}</span>
          </div>
        )}
        <FormError error={error} fields={file ? FIELDS.slice(1) : FIELDS} />
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose} disabled={isRunning}>
            Cancel
          </Button>
          <Button type="submit" disabled={list.numbers.length === 0} loading={isRunning}>
            {list.numbers.length === 0 ? "Add" : `Add ${countOf(list.numbers.length)}`}
          </Button>
        </Group>
      </form>
    </Modal>
  );
}

async function readFile(file: File): Promise<{ name: string; text: string }> {
  return { name: file.name, text: decodeText(new Uint8Array(await file.arrayBuffer())) };
}

/** What was found in the text, before anything is sent. */
function Preview({ list }: { list: NumberList }) {
  if (list.numbers.length === 0 && list.skipped === 0) return null;
  const more = list.skipped - list.firstSkipped.length;
  return (
    <div className={classes.preview} role="status">
      <strong>{countOf(list.numbers.length)}</strong>
      {list.repeated > 0 && `, ${list.repeated.toLocaleString("en")} repeated`}
      {list.skipped > 0 &&
        `, ${list.skipped.toLocaleString("en")} without a number in E.164 format are skipped:`}
      {list.skipped > 0 && (
        <ul className={classes.skipped}>
          {list.firstSkipped.map(({ line, text }) => (
            <li key={`${line} ${text}`}>{`line ${line}: ${text}`}</li>
          ))}
          {more > 0 && <li>{`and ${more.toLocaleString("en")} more`}</li>}
        </ul>
      )}
    </div>
  );
}
