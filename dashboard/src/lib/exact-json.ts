/**
 * JSON whose large integers keep every digit. Pure.
 *
 * The API and its clients have integers of any length in metadata, contexts and tool arguments. A number of
 * JavaScript holds 53 bits: `JSON.parse` alone makes 12345678901234567890 into 12345678901234567000. The text of a
 * number is read by `context.source`, and written by `JSON.rawJSON`:
 * https://developer.mozilla.org/en-US/docs/Web/JavaScript/Reference/Global_Objects/JSON/rawJSON
 */

declare global {
  interface JSON {
    /** Missing in browsers older than March 2025. */
    rawJSON?: ((text: string) => object) | undefined;
  }
}

/** A number as its sender wrote it, which a number of JavaScript would alter. */
export class ExactNumber {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  /** What `JSON.stringify` writes: the digits, without quotes. */
  toJSON(): unknown {
    return JSON.rawJSON?.(this.text) ?? this.text;
  }

  toString(): string {
    return this.text;
  }
}

/** A number that this browser would alter: it must not be sent. */
export class AlteredNumber extends Error {
  constructor(value: number) {
    super(
      `it has a number that this browser cannot keep exactly, near ${value}: write it as a text, in quotes`,
    );
  }
}

/** A value's beginning, then sixteen digits or more, or an exponent: texts without such need no second look. */
const MAY_ALTER = /[[:,\s]-?(?:\d{16}|[\d.]+[eE])|^-?(?:\d{16}|[\d.]+[eE])/;

/**
 * Reads JSON as `JSON.parse` does, with an `ExactNumber` for each integer beyond 2^53 and each number beyond a double.
 *
 * @throws SyntaxError if it is no JSON
 * @throws AlteredNumber if the browser cannot keep a number
 */
export function parseExactly(text: string): unknown {
  return MAY_ALTER.test(text) ? JSON.parse(text, keepExact) : JSON.parse(text);
}

/** Reads what is only shown: a browser that cannot keep a number shows it as it can. */
export function parseToShow(text: string): unknown {
  try {
    return parseExactly(text);
  } catch (error) {
    if (error instanceof AlteredNumber) return JSON.parse(text);
    throw error;
  }
}

function keepExact(_: string, value: unknown, context?: { source?: string }): unknown {
  if (typeof value !== "number" || isExact(value)) return value;
  if (context?.source === undefined || JSON.rawJSON === undefined) throw new AlteredNumber(value);
  return new ExactNumber(context.source);
}

function isExact(value: number): boolean {
  return Number.isFinite(value) && (!Number.isInteger(value) || Number.isSafeInteger(value));
}
