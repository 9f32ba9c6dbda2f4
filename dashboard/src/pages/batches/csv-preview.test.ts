import { expect, test } from "vitest";
import { csvPreview, textOfBytes } from "./csv-preview";

const bytes = (...codes: number[]) => new Uint8Array(codes);

test("a simple file has its columns and first rows", () => {
  const text =
    "phone,name\n" + Array.from({ length: 20 }, (_, index) => `+1555010000${index},N${index}\n`).join("");
  const { columns, rows } = csvPreview(text, true);
  expect(columns).toEqual(["phone", "name"]);
  expect(rows).toHaveLength(5);
  expect(rows[0]).toEqual(["+15550100000", "N0"]);
});

test("quotes hold separators, quotes and lines", () => {
  const { rows } = csvPreview('a;b\r\n"x;""y""";"two\nlines"\r\n', true);
  expect(rows).toEqual([['x;"y"', "two\nlines"]]);
});

test.each([",", ";", "|", "\t"])("columns are separated by %s", (separator) => {
  expect(csvPreview(["a", "b"].join(separator), true).columns).toEqual(["a", "b"]);
});

test("Excel's line names the separator, and is no row", () => {
  expect(csvPreview("sep=;\na,b;c\n1;2\n", true)).toMatchObject({
    columns: ["a,b", "c"],
    rows: [["1", "2"]],
  });
});

test("the last line of a part is left out, for it may be cut", () => {
  expect(csvPreview("a,b\n1,2\n3,", false).rows).toEqual([["1", "2"]]);
  expect(csvPreview("a,b\n1,2\n3,", true).rows).toEqual([
    ["1", "2"],
    ["3", ""],
  ]);
});

test("a long cell is cut, and a part without a line is no endless work", () => {
  expect(csvPreview(`a\n${"x".repeat(60_000)}\n`, true).rows[0]?.[0]).toHaveLength(200);
  expect(csvPreview('"'.repeat(60_000), false).rows).toEqual([]);
});

test("the encodings that the API reads are read", () => {
  expect(textOfBytes(new TextEncoder().encode("é"))).toBe("é");
  expect(textOfBytes(bytes(0xef, 0xbb, 0xbf, 0x61))).toBe("a");
  expect(textOfBytes(bytes(0xff, 0xfe, 0x61, 0x00))).toBe("a");
  expect(textOfBytes(bytes(0xe9, 0x61))).toBe("éa");
  expect(textOfBytes(bytes(0x61, 0xc3))).toBe("a");
});
