/** The beginning of a CSV file, as the API will read it: for a preview. Pure. */

/** Columns and first rows of a file. */
export interface RowsPreview {
  columns: string[];
  /** Those that each row has: a template that names another one refuses the rows without it. */
  always: string[];
  rows: string[][];
}

/** Bytes of a file that a preview reads: more than its longest row, which has 64 KB. */
export const PREVIEW_BYTES = 128 * 1024;
const SEPARATORS = [",", ";", "|", "\t"];
const SHOWN_ROWS = 5;
const SHOWN_CELL = 200;

/** Reads the text of a file's first bytes: UTF-8, UTF-16 with its mark, or else Windows-1252. */
export function textOfBytes(bytes: Uint8Array): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return new TextDecoder("utf-16le").decode(bytes);
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return new TextDecoder("utf-16be").decode(bytes);
  try {
    // The last character may be cut: `stream` keeps it back.
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream: true });
  } catch {
    return new TextDecoder("windows-1252").decode(bytes);
  }
}

/** Returns the columns and the first rows; `isWhole` says whether the text is all of the file. */
export function csvPreview(text: string, isWhole: boolean): RowsPreview {
  const { separator, content } = separatorOf(text);
  const lines = cells(content, separator, SHOWN_ROWS + 2);
  // The last line of a part may be cut.
  if (!isWhole && lines.length > 1 && lines.length <= SHOWN_ROWS + 1) lines.pop();
  const filled = lines.filter((line) => line.some((cell) => cell !== ""));
  const [columns = [], ...rows] = filled;
  return {
    columns,
    always: columns,
    rows: rows.slice(0, SHOWN_ROWS).map((row) => row.map((cell) => cell.slice(0, SHOWN_CELL))),
  };
}

function separatorOf(text: string): { separator: string; content: string } {
  const named = /^sep=([,;|\t])\r?\n?/.exec(text);
  if (named?.[1]) return { separator: named[1], content: text.slice(named[0].length) };
  const first = /^[^\r\n]*/.exec(text)?.[0] ?? "";
  const counts = SEPARATORS.map((each) => first.split(each).length);
  return { separator: SEPARATORS[counts.indexOf(Math.max(...counts))] ?? ",", content: text };
}

/** Splits into lines of cells, with quotes as in RFC 4180. */
function cells(text: string, separator: string, most: number): string[][] {
  const lines: string[][] = [];
  let line: string[] = [];
  let cell = "";
  let isQuoted = false;
  const endLine = () => {
    lines.push([...line, cell.trim()]);
    [line, cell] = [[], ""];
  };
  for (let at = 0; at < text.length && lines.length < most; at += 1) {
    const char = text.charAt(at);
    if (isQuoted) {
      if (char !== '"') cell += char;
      else if (text[at + 1] === '"') {
        cell += '"';
        at += 1;
      } else isQuoted = false;
    } else if (char === '"' && cell.trim() === "") [isQuoted, cell] = [true, ""];
    else if (char === separator) {
      line.push(cell.trim());
      cell = "";
    } else if (char === "\n" || char === "\r") {
      if (char === "\r" && text[at + 1] === "\n") at += 1;
      endLine();
    } else cell += char;
  }
  if (lines.length < most && (cell !== "" || line.length > 0)) endLine();
  return lines;
}
