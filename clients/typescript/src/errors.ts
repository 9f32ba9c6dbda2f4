/** Errors of the client. The API's error types are in its documentation, `docs/errors.md`. Pure. */
import type { components } from "./schema.gen.js";

/** The type of an error response that is not the API's own: a gateway's, or a proxy's. */
export const UNEXPECTED = "unexpected";

/** What went wrong in the client, at the API, or on the way. */
export class TrunklineError extends Error {
  override name = "TrunklineError";
}

/**
 * No response came: nobody knows whether the request was carried out, unless it was never sent. To find out, repeat
 * the request with `idempotencyKey`: what was done is not done twice.
 */
export class NoResponse extends TrunklineError {
  override name = "NoResponse";
  readonly wasSent: boolean;
  readonly idempotencyKey: string | undefined;

  constructor(request: Request, wasSent: boolean, cause: unknown) {
    super(`${request.method} ${new URL(request.url).pathname} has no response: ${textOf(cause)}`, { cause });
    this.wasSent = wasSent;
    this.idempotencyKey = request.headers.get("idempotency-key") ?? undefined;
  }
}

/** An error response. Compare `type`, which is stable; `message` is for people. */
export class ApiError extends TrunklineError {
  override name = "ApiError";
  readonly status: number;
  readonly type: string;
  /** Names the request to the operator. */
  readonly requestId: string | undefined;
  /** The field that is wrong, if it is one. */
  readonly field: string | undefined;
  /** Seconds until the same request may succeed. */
  readonly retryAfterS: number | undefined;

  constructor(status: number, body: unknown, headers: Headers) {
    const error = record(record(body)?.error) ?? record(body) ?? {};
    super(text(error.message) ?? `The API responded with status ${status}.`);
    this.status = status;
    this.type = text(error.type) ?? UNEXPECTED;
    this.requestId = text(error.request_id) ?? headers.get("apigw-requestid") ?? undefined;
    this.field = text(error.field);
    const seconds = headers.get("retry-after") ?? "";
    this.retryAfterS = /^\d+$/.test(seconds) ? Number(seconds) : undefined;
  }
}

/** A call has not ended in the given time; `call` is what it was last. */
export class WaitTimeout extends TrunklineError {
  override name = "WaitTimeout";
  readonly call: components["schemas"]["PolledCallView"];

  constructor(call: components["schemas"]["PolledCallView"]) {
    super(`call ${call.call_id} is still ${call.status}`);
    this.call = call;
  }
}

/** Reads an error response of any form, also a gateway's `{"message": "…"}` or a proxy's page. */
export async function errorOf(response: Response): Promise<ApiError> {
  const body = await response.text();
  try {
    return new ApiError(response.status, JSON.parse(body), response.headers);
  } catch {
    return new ApiError(response.status, undefined, response.headers);
  }
}

function textOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  return cause.cause instanceof Error && cause.cause.message ? cause.cause.message : cause.message;
}

function record(value: unknown): Record<string, unknown> | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined;
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}
