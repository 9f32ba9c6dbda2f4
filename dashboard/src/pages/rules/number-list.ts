/** Phone numbers out of a pasted list or a CSV file. Pure. */

const E164 = /^\+[1-9][0-9]{1,14}$/;
const PER_REQUEST = 1_000;
const MOST_SHOWN = 20;

export interface NumberList {
  /** Each number once, in the order of the text. */
  numbers: string[];
  /** How often a number came again. */
  repeated: number;
  /** Lines without a number: how many, and the first of them. */
  skipped: number;
  firstSkipped: { line: number; text: string }[];
}

/**
 * Reads the first column of each line; a first line without digits is a header. Spaces, dots, dashes and
 * brackets within a number are dropped, as are the quotes of a spreadsheet.
 */
export function parseNumberList(text: string): NumberList {
  const seen = new Set<string>();
  const list: NumberList = { numbers: [], repeated: 0, skipped: 0, firstSkipped: [] };
  text.split(/\r\n|\n|\r/).forEach((line, index) => {
    for (const cell of cellsOf(line)) {
      const number = cell.replace(/[\s().\-/]/g, "");
      if (!E164.test(number)) {
        if (cell.trim() !== "" && (index > 0 || /\d/.test(cell))) skip(list, index + 1, cell);
      } else if (seen.has(number)) list.repeated += 1;
      else {
        seen.add(number);
        list.numbers.push(number);
      }
    }
  });
  return list;
}

/** The first cell of a line; of a line that is nothing but numbers and commas, each of them. */
function cellsOf(line: string): string[] {
  const cells = line
    .replace(/^\ufeff/, "")
    .split(/[,;\t]/)
    .map((cell) => cell.trim().replace(/^['"]+|['"]+$/g, ""));
  const filled = cells.filter((cell) => cell !== "");
  const areAllNumbers = filled.length > 1 && filled.every((cell) => cell.startsWith("+"));
  return areAllNumbers ? filled : cells.slice(0, 1);
}

function skip(list: NumberList, line: number, text: string): void {
  list.skipped += 1;
  if (list.firstSkipped.length < MOST_SHOWN) list.firstSkipped.push({ line, text: text.slice(0, 40) });
}

/** Cuts numbers into parts of what one request takes. */
export function partsOf(numbers: string[], size = PER_REQUEST): string[][] {
  return Array.from({ length: Math.ceil(numbers.length / size) }, (_, at) =>
    numbers.slice(at * size, (at + 1) * size),
  );
}

/** The bytes of a file as text: spreadsheets write UTF-16 with a mark, and UTF-8. */
export function decodeText(bytes: Uint8Array): string {
  const [first, second] = bytes;
  if (first === 0xff && second === 0xfe) return new TextDecoder("utf-16le").decode(bytes);
  if (first === 0xfe && second === 0xff) return new TextDecoder("utf-16be").decode(bytes);
  return new TextDecoder("utf-8").decode(bytes);
}

/** What a person searches for, as the beginning of a number: "+1 555" is "+1555"; undefined for anything else. */
export function searchedNumber(text: string): string | undefined {
  const digits = text.replace(/[\s().\-/]/g, "").replace(/^00/, "+");
  const number = digits.startsWith("+") ? digits : `+${digits}`;
  return /^\+[1-9][0-9]{0,14}$/.test(number) ? number : undefined;
}

/** Whether a text is a whole number, and not only its beginning. */
export function wholeNumber(text: string): boolean {
  return E164.test(text) && text.length > 7;
}

/** "1 number", "1,204 numbers". */
export function countOf(numbers: number): string {
  return `${numbers.toLocaleString("en")} ${numbers === 1 ? "number" : "numbers"}`;
}
