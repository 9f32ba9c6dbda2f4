/** The API's client, generated from `docs/openapi.json`: paths, parameters and bodies are checked types. */
import createClient, { type Middleware } from "openapi-fetch";
import { observeDate } from "~/lib/clock";
import { errorOf, networkError } from "./errors";
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
  },
  onError: ({ error }) =>
    error instanceof DOMException && error.name === "AbortError" ? error : networkError(),
};

export const api = createClient<paths>({ baseUrl: globalThis.location.origin, credentials: "same-origin" });
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
  const { data, error, response } = await request;
  if (response.ok) return data as Data;
  throw errorOf(response.status, response.headers, error);
}
