import { FileUp } from "lucide-react";
import { useState } from "react";
import { csvPreview, PREVIEW_BYTES, textOfBytes, type CsvPreview } from "./csv-preview";
import classes from "./batches.module.css";

export interface Picked {
  file: File;
  preview: CsvPreview;
}

interface FilePickerProps {
  picked: Picked | null;
  onPick: (picked: Picked) => void;
}

const MOST_BYTES = 100 * 1024 * 1024;

/** Takes a file, by a drop or a dialog; it reads the beginning alone. */
export function FilePicker({ picked, onPick }: FilePickerProps) {
  const [isOver, setIsOver] = useState(false);
  const [problem, setProblem] = useState("");
  const take = async (file: File | undefined) => {
    if (!file) return;
    const found = await read(file);
    setProblem(typeof found === "string" ? found : "");
    if (typeof found !== "string") onPick(found);
  };
  return (
    <>
      <label className={`${classes.drop} ${isOver ? classes.over : ""}`}>
        <FileUp size={20} aria-hidden />
        <span>
          <strong>{picked ? picked.file.name : "Drop a CSV file, or choose one"}</strong>
          <span className={classes.dropText}>
            {picked
              ? `${picked.file.size.toLocaleString("en")} bytes. Choose another to replace it.`
              : "Up to 100,000 rows and 100 MB. The first line names the columns."}
          </span>
        </span>
        <input
          type="file"
          accept=".csv,text/csv,text/plain"
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

async function read(file: File): Promise<Picked | string> {
  if (file.size > MOST_BYTES) return "The file is larger than 100 MB. Split it into several batches.";
  const part = new Uint8Array(await file.slice(0, PREVIEW_BYTES).arrayBuffer());
  const preview = csvPreview(textOfBytes(part), file.size <= PREVIEW_BYTES);
  if (preview.columns.length === 0) return "The file is empty.";
  return { file, preview };
}
