/** Sending a request: attempts, and errors as exceptions. */
import { type ApiError, errorOf, NoResponse } from "./errors.js";
import { pauseS, type Retries } from "./retries.js";

export type Fetch = (request: Request) => Promise<Response>;

/**
 * API Gateway ends a request after 30 seconds, so that no response comes later. Source:
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html
 */
const TIMEOUT_MS = 35_000;
/** Failures of a connection that was never open. */
const NOT_SENT = new Set([
  "ECONNREFUSED",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOTFOUND",
  "UND_ERR_CONNECT_TIMEOUT",
]);

/** A `fetch` that tries again where that is safe and can help, and throws what is no success. */
export function retryingFetch(fetch: Fetch, retries: Retries): Fetch {
  return async (request) => {
    let failedMs: number | undefined;
    for (let failures = 0; ; failures += 1) {
      const result = await attempt(fetch, request);
      if (result instanceof Response) return result;
      failedMs ??= performance.now();
      const elapsedS = (performance.now() - failedMs) / 1000;
      const pause = pauseS(request, result, { failures, elapsedS }, retries);
      if (pause === null) throw result;
      await sleep(pause, request.signal);
    }
  };
}

async function attempt(fetch: Fetch, request: Request): Promise<Response | ApiError | NoResponse> {
  try {
    // Each attempt has a body of its own: that of a request can be read once.
    const signal = AbortSignal.any([request.signal, AbortSignal.timeout(TIMEOUT_MS)]);
    const response = await fetch(new Request(request.clone(), { signal }));
    return response.ok ? await received(response) : await errorOf(response);
  } catch (error) {
    if (request.signal.aborted) throw error;
    return new NoResponse(request, !NOT_SENT.has(codeOf(error)), error);
  }
}

/** Reads the whole body, so that one that breaks off is no success. */
async function received(response: Response): Promise<Response> {
  const body = await response.arrayBuffer();
  return new Response(body.byteLength > 0 ? body : null, response);
}

function codeOf(error: unknown): string {
  const cause = error instanceof Error ? (error.cause as { code?: unknown } | undefined) : undefined;
  return typeof cause?.code === "string" ? cause.code : "";
}

/** Waits; an aborted signal ends the wait with its reason. */
export async function sleep(seconds: number, signal?: AbortSignal): Promise<void> {
  signal?.throwIfAborted();
  await new Promise<void>((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason as Error);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, seconds * 1000);
    signal?.addEventListener("abort", stop, { once: true });
  });
}
