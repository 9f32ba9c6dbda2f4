/** Requests that do not hang for ever. */
import { timeoutError } from "./errors";

/**
 * API Gateway ends a request after 30 seconds, so that nothing comes later. Source:
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html
 */
const LONGEST_S = 35;

/** Sends a request, and gives it up if no answer came in time. */
export async function fetchInTime(request: Request): Promise<Response> {
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(timeoutError(request.method, LONGEST_S)), LONGEST_S * 1000);
  try {
    // eslint-disable-next-line no-restricted-globals -- it is the one that the client sends with
    return await fetch(request, { signal: AbortSignal.any([request.signal, stop.signal]) });
  } finally {
    clearTimeout(timer);
  }
}
