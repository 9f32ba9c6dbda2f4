/** The API's client, generated from `docs/openapi.json`: paths, parameters and bodies are checked types. */
import createClient, { type Middleware } from "openapi-fetch";
import { observeDate } from "~/lib/clock";
import { ApiError, errorOf, networkError, unreadableError } from "./errors";
import { readExactly } from "./exact-response";
import { fetchInTime } from "./fetch-in-time";
import { currentMode } from "./mode";
import type { components, paths } from "./schema.gen";

export type Schemas = components["schemas"];

export const MODE_HEADER = "trunkline-mode";

const conventions: Middleware = {
  onRequest: ({ request }) => {
    const mode = currentMode();
    // A request may name a mode of its own: live agents are offered for test calls.
    if (mode && !request.headers.has(MODE_HEADER)) request.headers.set(MODE_HEADER, mode);
    return request;
  },
  onResponse: ({ response }) => {
    observeDate(response.headers.get("date"));
    return response.ok && response.body ? readExactly(response) : response;
  },
  onError: ({ error, request }) => (isFinal(error) ? error : networkError(request.method)),
};

export const api = createClient<paths>({
  baseUrl: globalThis.location.origin,
  credentials: "same-origin",
  fetch: fetchInTime,
});
api.use(conventions);

interface Result<Data> {
  data?: Data;
  error?: unknown;
  response: Response;
}

/**
 * Returns the body of a response, or throws an `ApiError`:
 *
 *     const page = await body(api.GET("/api/v1/agents", { signal }));
 */
export async function body<Data>(request: Promise<Result<Data>>): Promise<Data> {
  const { data, error, response } = await request.catch((thrown: unknown) => {
    throw isFinal(thrown) ? thrown : unreadableError();
  });
  if (response.ok) return data as Data;
  throw errorOf(response.status, response.headers, error);
}

/** Whether an exception says already what is wrong: a request that its page no longer wants is no failure. */
function isFinal(thrown: unknown): thrown is Error {
  return thrown instanceof ApiError || (thrown instanceof DOMException && thrown.name === "AbortError");
}
