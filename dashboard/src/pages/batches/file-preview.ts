/** The beginning of a file of rows, as the API will read it: for a preview. Pure. */
import { parseToShow } from "~/lib/exact-json";
import { csvPreview, textOfBytes, type RowsPreview } from "./csv-preview";

export const FORMATS = ["csv", "ndjson", "json"] as const;
export type Format = (typeof FORMATS)[number];

export const FORMAT_NAMES: Record<Format, string> = { csv: "CSV", ndjson: "NDJSON", json: "JSON" };

/** The largest upload of each format, in bytes: docs/batches.md. */
export const MOST_BYTES: Record<Format, number> = {
  csv: 100 * 1024 * 1024,
  ndjson: 100 * 1024 * 1024,
  json: 32 * 1024 * 1024,
};

const SHOWN_ROWS = 5;
const SHOWN_CELL = 200;

/** Tells the format of a file by its name, and by its first character where the name says nothing. */
export function formatOf(name: string, text: string): Format {
  if (/\.(csv|tsv)$/i.test(name)) return "csv";
  if (/\.(ndjson|jsonl)$/i.test(name)) return "ndjson";
  const first = text.replace(/^\uFEFF/, "").trimStart()[0];
  if (first === "[") return "json";
  return first === "{" ? "ndjson" : "csv";
}

/** Returns columns and first rows of a file's first bytes; `isWhole` says whether they are all of it. */
export function filePreview(bytes: Uint8Array, format: Format, isWhole: boolean): RowsPreview {
  const text = textOfBytes(bytes);
  if (format === "csv") return csvPreview(text, isWhole);
  return tableOf(objectsIn(text.replace(/^\uFEFF/, ""), SHOWN_ROWS));
}

/** The first objects of a text, whatever is around them: brackets and commas of an array, or lines. */
function objectsIn(text: string, most: number): Record<string, unknown>[] {
  const found: Record<string, unknown>[] = [];
  let [depth, start, isQuoted] = [0, 0, false];
  for (let at = 0; at < text.length && found.length < most; at += 1) {
    const char = text.charAt(at);
    if (isQuoted) {
      if (char === "\\") at += 1;
      else if (char === '"') isQuoted = false;
    } else if (char === '"') isQuoted = true;
    else if (char === "{") {
      if (depth === 0) start = at;
      depth += 1;
    } else if (char === "}") {
      depth -= 1;
      if (depth === 0) found.push(...readObject(text.slice(start, at + 1)));
    }
  }
  return found;
}

/** A row that is no JSON is left out: the dry run names its line. */
function readObject(text: string): Record<string, unknown>[] {
  try {
    return [parseToShow(text) as Record<string, unknown>];
  } catch {
    return [];
  }
}

function tableOf(objects: Record<string, unknown>[]): RowsPreview {
  const columns = [...new Set(objects.flatMap((object) => Object.keys(object)))];
  const always = columns.filter((column) => objects.every((object) => Object.hasOwn(object, column)));
  return { columns, always, rows: objects.map((object) => columns.map((column) => cellIn(object, column))) };
}

function cellIn(object: Record<string, unknown>, column: string): string {
  const value = Object.hasOwn(object, column) ? object[column] : undefined;
  const text = typeof value === "string" ? value : value === undefined ? "" : JSON.stringify(value);
  return text.slice(0, SHOWN_CELL);
}
