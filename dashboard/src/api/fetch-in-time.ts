/** Requests that do not hang for ever. */
import { timeoutError } from "./errors";

/**
 * API Gateway ends a request after 30 seconds, so that nothing comes later. Source:
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html
 */
const LONGEST_S = 35;

/** Sends a request, and gives it up if its whole response did not come in time. */
export async function fetchInTime(request: Request): Promise<Response> {
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(timeoutError(request.method, LONGEST_S)), LONGEST_S * 1000);
  try {
    // eslint-disable-next-line no-restricted-globals -- it is the one that the client sends with
    const response = await fetch(request, { signal: AbortSignal.any([request.signal, stop.signal]) });
    // Headers may come and the rest not.
    const content = response.body && (await response.arrayBuffer());
    const { status, statusText, headers } = response;
    return new Response(content, { status, statusText, headers });
  } finally {
    clearTimeout(timer);
  }
}
