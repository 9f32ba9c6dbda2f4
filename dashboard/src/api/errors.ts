/** Errors of the API as the pages show them. Source: `docs/errors.md`. Pure. */

/** A field that a request has wrong: its name, and the text to show beside it. */
export interface FieldError {
  field: string;
  message: string;
}

export type ErrorKind =
  | "no-answer"
  | "signed-out"
  | "no-right"
  | "not-found"
  | "invalid"
  | "conflict"
  | "limited"
  | "unknown-outcome"
  | "failed";

interface Details {
  type: string;
  message: string;
  requestId?: string;
  fieldErrors?: FieldError[];
  retryAfterS?: number;
}

/** A request that did not succeed. `status` is 0 if no response came. */
export class ApiError extends Error {
  override name = "ApiError";
  readonly status: number;
  readonly type: string;
  readonly requestId: string | undefined;
  readonly fieldErrors: FieldError[];
  readonly retryAfterS: number | undefined;

  constructor(status: number, details: Details) {
    super(details.message);
    this.status = status;
    this.type = details.type;
    this.requestId = details.requestId;
    this.fieldErrors = details.fieldErrors ?? [];
    this.retryAfterS = details.retryAfterS;
  }

  /** What a page does about it. */
  get kind(): ErrorKind {
    if (this.type === "outcome_unknown") return "unknown-outcome";
    if (this.type === "unreadable") return "failed";
    if (this.status === 0) return "no-answer";
    if (this.status === 401) return "signed-out";
    if (this.status === 403) return "no-right";
    if (this.status === 404 || this.status === 410) return "not-found";
    if (this.status === 409) return "conflict";
    if (this.status === 429) return "limited";
    if (this.status >= 500) return "failed";
    return "invalid";
  }

  /** The scope that the key lacks, if that is what is wrong. */
  get missingScope(): string | undefined {
    return /^Missing scope: (\S+)$/.exec(this.message)?.[1];
  }

  /** Whether the same request can succeed later. */
  get isTransient(): boolean {
    return this.kind === "no-answer" || this.kind === "limited" || this.kind === "failed";
  }
}

/** Nothing was answered. After a request that changes something, nobody knows whether it was done. */
export function networkError(method = "GET"): ApiError {
  if (method !== "GET") return new ApiError(0, { type: "outcome_unknown", message: IN_DOUBT });
  return new ApiError(0, { type: "network", message: "The API does not respond." });
}

const IN_DOUBT = "No answer came. It may have been done: look before you repeat it.";

/** Something answered that is not the API: a proxy, or the sign-in page of a network. */
export function unreadableError(): ApiError {
  return new ApiError(0, { type: "unreadable", message: "The answer is not one of the API." });
}

/** A request was given up: it hung. */
export function timeoutError(method: string, afterS: number): ApiError {
  if (method !== "GET") return networkError(method);
  return new ApiError(0, { type: "timeout", message: `The API did not answer within ${afterS} seconds.` });
}

/** Reads an error response. API Gateway's own have the form `{"message": "…"}`. */
export function errorOf(status: number, headers: Headers, body: unknown): ApiError {
  const error = record(record(body)?.error) ?? record(body) ?? {};
  const message = text(error.message) ?? `The API answered with status ${status}.`;
  const requestId = text(error.request_id) ?? headers.get("apigw-requestid") ?? undefined;
  return new ApiError(status, {
    type: text(error.type) ?? "unexpected",
    message,
    ...(requestId ? { requestId } : {}),
    fieldErrors: fieldErrorsOf(error, message),
    ...retryAfter(headers.get("retry-after")),
  });
}

function fieldErrorsOf(error: Record<string, unknown>, message: string): FieldError[] {
  const found = (Array.isArray(error.errors) ? error.errors : []).flatMap((each: unknown) => {
    const one = record(each);
    const field = text(one?.field);
    return field ? [{ field, message: text(one?.message) ?? message }] : [];
  });
  if (found.length > 0) return found;
  const field = text(error.field);
  return field ? [{ field, message }] : [];
}

function retryAfter(header: string | null): { retryAfterS?: number } {
  const seconds = Number(header);
  return header !== null && Number.isFinite(seconds) ? { retryAfterS: Math.max(0, seconds) } : {};
}

function record(value: unknown): Record<string, unknown> | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined;
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}
