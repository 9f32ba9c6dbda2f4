import { describe, expect, it } from "vitest";
import { countOf, decodeText, parseNumberList, partsOf, searchedNumber, wholeNumber } from "./number-list";

describe("a list of numbers", () => {
  it("is the first column, with a header or without", () => {
    const { numbers } = parseNumberList("phone,name\n+14155550101,Ada\n+14155550102;Bob\n+14155550103\tEve");
    expect(numbers).toEqual(["+14155550101", "+14155550102", "+14155550103"]);
    expect(parseNumberList("+14155550101\n").numbers).toEqual(["+14155550101"]);
  });
  it("may be numbers between commas", () => {
    expect(parseNumberList("+14155550101, +14155550102,+14155550103").numbers).toHaveLength(3);
  });
  it("has numbers as people and spreadsheets write them", () => {
    const { numbers } = parseNumberList("\ufeff\"+1 (415) 555-0101\"\r\n'+49 30 901820'");
    expect(numbers).toEqual(["+14155550101", "+4930901820"]);
  });
  it("has each number once", () => {
    expect(parseNumberList("+14155550101\n+1 415 555 0101")).toMatchObject({
      numbers: ["+14155550101"],
      repeated: 1,
    });
  });
  it("says which lines have no number", () => {
    const list = parseNumberList("phone\n+14155550101\n04155550102\n\n<b>x</b>");
    expect(list.skipped).toBe(2);
    expect(list.firstSkipped).toEqual([
      { line: 3, text: "04155550102" },
      { line: 5, text: "<b>x</b>" },
    ]);
  });
  it("does not take a first line with digits for a header", () => {
    expect(parseNumberList("0415555\n+14155550101").firstSkipped).toEqual([{ line: 1, text: "0415555" }]);
  });
  it("may have a hundred thousand lines without one", () => {
    const list = parseNumberList(`h\n${"bad1\n".repeat(100_000)}`);
    expect([list.skipped, list.firstSkipped.length]).toEqual([100_000, 20]);
  });
});

describe("parts", () => {
  it("are what one request takes", () => {
    expect(partsOf(["a", "b", "c"], 2)).toEqual([["a", "b"], ["c"]]);
    expect(partsOf([])).toEqual([]);
    expect(partsOf(Array.from({ length: 2_001 }, String)).map((part) => part.length)).toEqual([
      1000, 1000, 1,
    ]);
  });
});

describe("a file", () => {
  it("is UTF-8 or UTF-16", () => {
    expect(decodeText(new TextEncoder().encode("+1é"))).toBe("+1é");
    expect(decodeText(new Uint8Array([0xff, 0xfe, 0x2b, 0, 0x31, 0]))).toBe("+1");
    expect(decodeText(new Uint8Array([0xfe, 0xff, 0, 0x2b, 0, 0x31]))).toBe("+1");
  });
});

describe("a search", () => {
  it("is the beginning of a number, however it is written", () => {
    expect(["+1 555", "1555", "001555", "+", "abc", ""].map(searchedNumber)).toEqual([
      "+1555",
      "+1555",
      "+1555",
      undefined,
      undefined,
      undefined,
    ]);
  });
  it("is a whole number or not", () => {
    expect([wholeNumber("+14155550101"), wholeNumber("+1415")]).toEqual([true, false]);
  });
});

describe("a count", () => {
  it("is in words", () => {
    expect([countOf(1), countOf(1204)]).toEqual(["1 number", "1,204 numbers"]);
  });
});
