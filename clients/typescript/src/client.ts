/** The client: all operations of the API by openapi-fetch, and the wait for the end of a call. */
import createClient, { type Client, type Middleware } from "openapi-fetch";
import { WaitTimeout } from "./errors.js";
import { unwrap } from "./responses.js";
import { DEFAULT_RETRIES, type Retries } from "./retries.js";
import { type components, type paths, WITH_IDEMPOTENCY_KEY } from "./schema.gen.js";
import { type Fetch, retryingFetch, sleep } from "./sending.js";

export type Schemas = components["schemas"];

export interface Options {
  /** The API's address, such as `https://api.example.com`. */
  baseUrl: string;
  apiKey: string;
  retries?: Partial<Retries>;
  /** Replaces the network, for instance in tests. */
  fetch?: Fetch;
}

export interface WaitOptions {
  /** Default: an hour. */
  timeoutS?: number;
  signal?: AbortSignal;
}

/** The longest `wait` of `GET /calls/{id}`. */
const LONGEST_POLL_S = 25;
const DEFAULT_WAIT_S = 3600;
const IDEMPOTENCY_KEY = "Idempotency-Key";

/** One key for one call of a method: it is the same in every attempt. */
const idempotencyKeys: Middleware = {
  onRequest: ({ request, schemaPath }) => {
    const isMissing = !request.headers.has(IDEMPOTENCY_KEY);
    if (isMissing && WITH_IDEMPOTENCY_KEY.has(`${request.method} ${schemaPath}`)) {
      request.headers.set(IDEMPOTENCY_KEY, crypto.randomUUID());
    }
    return request;
  },
};

/** Refuses ids that make the path that of another operation: a `Request` leaves dot segments out. */
const pathParameters: Middleware = {
  onRequest: ({ params }) => {
    for (const value of Object.values(params.path ?? {}).map(String)) {
      if (["", ".", ".."].includes(value)) throw new TypeError(`"${value}" cannot be part of a path`);
    }
    return undefined;
  },
};

/** Returns an API key that a header can carry. The text of the error does not show it, as that of `fetch` would. */
function sendableKey(apiKey: string): string {
  if (/^[!-~]+$/.test(apiKey)) return apiKey;
  throw new TypeError("The API key is empty, or has characters other than printable ASCII without spaces.");
}

/** A client of the API. `api` has a method for each method of HTTP: paths, parameters and bodies are typed. */
export class Trunkline {
  readonly api: Client<paths>;

  /** Throws a `TypeError` if the key has characters that no key has, such as the end of a line. */
  constructor({ baseUrl, apiKey, retries, fetch = (request) => globalThis.fetch(request) }: Options) {
    this.api = createClient<paths>({
      baseUrl,
      headers: { "x-api-key": sendableKey(apiKey) },
      // A redirect would take the key with it.
      redirect: "manual",
      fetch: retryingFetch(fetch, { ...DEFAULT_RETRIES, ...retries }),
    });
    this.api.use(pathParameters, idempotencyKeys);
  }

  /**
   * Waits until a call has ended, by long polls, and returns it as it ended. Throws a `WaitTimeout` if it has not after
   * `timeoutS` seconds. Calling this again goes on waiting.
   */
  async waitUntilEnded(callId: string, options: WaitOptions = {}): Promise<Schemas["PolledCallView"]> {
    const { timeoutS = DEFAULT_WAIT_S, signal } = options;
    const deadlineMs = performance.now() + timeoutS * 1000;
    const leftS = () => (deadlineMs - performance.now()) / 1000;
    let call = await this.#poll(callId, {}, signal);
    while (call.ended_at === null) {
      if (leftS() <= 0) throw new WaitTimeout(call);
      if (call.poll_after_s !== undefined) await sleep(Math.min(leftS(), call.poll_after_s), signal);
      const wait = Math.max(0, Math.min(LONGEST_POLL_S, Math.ceil(leftS())));
      call = await this.#poll(callId, { wait, after: call.last_event }, signal);
    }
    return call;
  }

  #poll(
    callId: string,
    query: { wait?: number; after?: number },
    signal: AbortSignal | undefined,
  ): Promise<Schemas["PolledCallView"]> {
    const params = { path: { call_id: callId }, query };
    return unwrap(this.api.GET("/api/v1/calls/{call_id}", { params, ...(signal && { signal }) }));
  }
}
