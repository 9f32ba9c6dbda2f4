import { FileUp } from "lucide-react";
import { useState } from "react";
import { PREVIEW_BYTES, textOfBytes, type RowsPreview } from "./csv-preview";
import { filePreview, FORMAT_NAMES, formatOf, MOST_BYTES, type Format } from "./file-preview";
import classes from "./batches.module.css";

export interface Picked {
  file: File;
  format: Format;
  preview: RowsPreview;
}

interface FilePickerProps {
  picked: Picked | null;
  onPick: (picked: Picked) => void;
  /** The one format that the batch takes; without, any. */
  only?: Format;
}

/** Takes a file, by a drop or a dialog; it reads the beginning alone. */
export function FilePicker({ picked, onPick, only }: FilePickerProps) {
  const [isOver, setIsOver] = useState(false);
  const [problem, setProblem] = useState("");
  const take = async (file: File | undefined) => {
    if (!file) return;
    const found = await read(file, only);
    setProblem(typeof found === "string" ? found : "");
    if (typeof found !== "string") onPick(found);
  };
  const formats = only ? `a ${FORMAT_NAMES[only]} file` : "a CSV, NDJSON or JSON file";
  return (
    <>
      <label className={`${classes.drop} ${isOver ? classes.over : ""}`}>
        <FileUp size={20} aria-hidden />
        <span>
          <strong>{picked ? picked.file.name : `Drop ${formats}, or choose one`}</strong>
          <span className={classes.dropText}>{picked ? pickedText(picked) : LIMITS}</span>
        </span>
        <input
          type="file"
          accept=".csv,.tsv,.txt,.ndjson,.jsonl,.json,text/csv,text/plain,application/json"
          className={classes.input}
          // The field covers its label: the browser itself takes what is dropped on it.
          onDragEnter={() => setIsOver(true)}
          onDragLeave={() => setIsOver(false)}
          onDrop={() => setIsOver(false)}
          onChange={(event) => void take(event.currentTarget.files?.[0])}
        />
      </label>
      {problem && (
        <p role="alert" className={classes.problem}>
          {problem}
        </p>
      )}
    </>
  );
}

const LIMITS =
  "Up to 100,000 rows and 100 MB (32 MB of JSON). CSV: the first line names the columns. NDJSON: an object a line. JSON: an array of objects.";

function pickedText({ file, format }: Picked): string {
  return `${file.size.toLocaleString("en")} bytes of ${FORMAT_NAMES[format]}. Choose another to replace it.`;
}

async function read(file: File, only: Format | undefined): Promise<Picked | string> {
  const part = new Uint8Array(await file.slice(0, PREVIEW_BYTES).arrayBuffer());
  const format = formatOf(file.name, textOfBytes(part));
  if (only && format !== only) {
    return `The batch takes ${FORMAT_NAMES[only]}, and this file is ${FORMAT_NAMES[format]}.`;
  }
  if (file.size > MOST_BYTES[format]) {
    const most = MOST_BYTES[format] / 1024 / 1024;
    return `The file is larger than ${most} MB, the limit of ${FORMAT_NAMES[format]}. Split it into several batches.`;
  }
  const preview = filePreview(part, format, file.size <= PREVIEW_BYTES);
  if (preview.columns.length === 0) return "The beginning of the file has no rows.";
  return { file, format, preview };
}
