import { afterEach, describe, expect, it } from "vitest";
import { AlteredNumber, ExactNumber, parseExactly } from "./exact-json";

const rawJSON = JSON.rawJSON;
afterEach(() => {
  JSON.rawJSON = rawJSON;
});

describe("what a number of JavaScript would alter", () => {
  it.each([
    '{"n":12345678901234567890}',
    '{"n":[-9007199254740993,{"m":9007199254740992}]}',
    "12345678901234567890",
    '{"n":1e400}',
    '{"n":123456789012345678901234567890123456789012345}',
  ])("is written as it was read: %s", (text) => {
    expect(JSON.stringify(parseExactly(text))).toBe(text);
    expect(JSON.stringify(JSON.parse(text))).not.toBe(text);
  });

  it("shows its digits where it is put into a text", () => {
    const { n } = parseExactly('{"n": 12345678901234567890}') as { n: ExactNumber };
    expect(`order ${n.toString()}`).toBe("order 12345678901234567890");
  });

  it("is refused by a browser that would alter it", () => {
    JSON.rawJSON = undefined;
    expect(() => parseExactly('{"n": 9007199254740993}')).toThrow(AlteredNumber);
    expect(parseExactly('{"n": 9007199254740991}')).toEqual({ n: 9007199254740991 });
  });
});

describe("everything else", () => {
  it("is what JSON.parse makes of it", () => {
    const text =
      '{"id": "12345678901234567890", "a": [1.5, -2, 1e3, 9007199254740991, true, null], "t": ": 12345678901234567"}';
    expect(parseExactly(text)).toEqual(JSON.parse(text));
  });

  it("is refused as JSON.parse refuses it", () => {
    expect(() => parseExactly('{"n": 12345678901234567890')).toThrow(SyntaxError);
    expect(() => parseExactly("{")).toThrow(SyntaxError);
  });
});
