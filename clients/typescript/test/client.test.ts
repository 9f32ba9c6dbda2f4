/** Requests, retries, errors, pages and the wait for a call's end, without a network. */
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { ApiError, iterate, NoResponse, Trunkline, TrunklineError, unwrap, WaitTimeout } from "../dist/index.js";

type Step = Response | Error;

const ATTEMPT_S = 31;

interface Fake {
  trunkline: Trunkline;
  seen: Request[];
}

/** The API: it responds in turn, the last response again and again. */
function fake(steps: Step[], deadlineS = 30): Fake {
  const seen: Request[] = [];
  const fetch = (request: Request): Promise<Response> => {
    seen.push(request);
    const step = steps[Math.min(seen.length, steps.length) - 1];
    return step instanceof Response ? Promise.resolve(step.clone()) : Promise.reject(step);
  };
  const retries = { deadlineS, firstPauseS: 0 };
  return { trunkline: new Trunkline({ baseUrl: "https://api.test", apiKey: "key-1", retries, fetch }), seen };
}

/** An API that is as slow as a long poll, by a clock of its own. */
function slow(t: TestContext, steps: Step[], deadlineS = 30): Fake {
  const api = fake(steps, deadlineS);
  t.mock.method(performance, "now", () => api.seen.length * ATTEMPT_S * 1000);
  return api;
}

function ok(body: unknown, status = 200): Response {
  return Response.json(body, { status });
}

function failed(status: number, type: string, headers: Record<string, string> = {}): Response {
  const error = { message: `It is ${type}`, code: status, type, request_id: "r-1", field: "f" };
  return Response.json({ error }, { status, headers });
}

/** A failure of fetch, as Node.js throws it. */
function network(code: string): TypeError {
  return new TypeError("fetch failed", { cause: Object.assign(new Error(`it was ${code}`), { code }) });
}

const LOST = network("UND_ERR_SOCKET");
const REFUSED = network("ECONNREFUSED");
const OPENED = { call_id: "c-1", room_name: "call-c-1", token: "t", url: "wss://x", status: "pending" };
const BODY = { workflow_slug: "w", user_id: "u" };

function create({ trunkline }: Fake, key?: string) {
  const params = key === undefined ? {} : { header: { "Idempotency-Key": key } };
  return unwrap(trunkline.api.POST("/api/v1/calls", { body: BODY, params }));
}

function deactivate({ trunkline }: Fake) {
  const params = { path: { agent_id: "a-1" } };
  return unwrap(trunkline.api.PATCH("/api/v1/agents/{agent_id}", { params, body: { status: "inactive" } }));
}

function caught<E extends Error>(promise: Promise<unknown>, kind: new (...args: never[]) => E): Promise<E> {
  return promise.then(
    () => assert.fail(`no ${kind.name}`),
    (error: unknown) => {
      assert.ok(error instanceof kind, String(error));
      return error;
    },
  );
}

test("a call is placed with the fewest fields", async () => {
  const api = fake([ok(OPENED, 201)]);
  assert.equal((await create(api)).call_id, "c-1");
  const [request] = api.seen;
  assert.equal(request?.url, "https://api.test/api/v1/calls");
  assert.equal(request.headers.get("x-api-key"), "key-1");
  assert.equal(request.redirect, "manual");
  assert.deepEqual(await request.json(), BODY);
});

for (const key of ["", "as_live_x\n", "as_live_x\r", "as live", "\tas_live_x", "as_live_é", "as_live_\x7f"]) {
  test(`a key that no header can carry is refused and not shown: ${JSON.stringify(key)}`, () => {
    assert.throws(
      () => new Trunkline({ baseUrl: "https://api.test", apiKey: key }),
      // The whole text: it has nothing of the key.
      new TypeError("The API key is empty, or has characters other than printable ASCII without spaces."),
    );
  });
}

for (const id of ["", ".", ".."]) {
  test(`an id that would name another path is refused: ${JSON.stringify(id)}`, async () => {
    const api = fake([call()]);
    const params = { path: { call_id: id } };
    const events = unwrap(api.trunkline.api.GET("/api/v1/calls/{call_id}/events", { params }));
    assert.equal((await caught(events, TypeError)).message, `"${id}" cannot be part of a path`);
    await caught(api.trunkline.waitUntilEnded(id), TypeError);
    assert.equal(api.seen.length, 0);
  });
}

test("an id with other letters is quoted", async () => {
  const api = fake([ok({})]);
  const params = { path: { number: "+1/../5" } };
  await unwrap(api.trunkline.api.GET("/api/v1/suppressions/{number}", { params }));
  assert.equal(api.seen[0]?.url, "https://api.test/api/v1/suppressions/%2B1%2F..%2F5");
});

const LOSSES: [string, Step][] = [
  ["a broken connection", LOST],
  ["a refused connection", REFUSED],
  ["503", failed(503, "service_unavailable")],
  ["a first attempt in progress", failed(409, "idempotency_in_progress")],
  ["a call that was withdrawn", failed(500, "queue_unavailable")],
  ["a gateway's error", ok({ message: "Bad Gateway" }, 502)],
];
for (const [name, lost] of LOSSES) {
  test(`every attempt to create something has the same key: ${name}`, async () => {
    const api = fake([lost, lost, ok(OPENED, 201), ok(OPENED, 201)]);
    await create(api);
    await create(api);
    const keys = api.seen.map((request) => request.headers.get("idempotency-key"));
    assert.deepEqual([keys[0], keys[0], keys[0]], keys.slice(0, 3));
    assert.notEqual(keys[3], keys[0]);
    assert.deepEqual(await api.seen[2]?.json(), BODY);
  });
}

test("a key of one's own is sent, and reading sends none", async () => {
  const api = fake([ok(OPENED, 201)]);
  await create(api, "mine");
  assert.equal(api.seen[0]?.headers.get("idempotency-key"), "mine");
  const reader = fake([ok({ data: [] })]);
  await unwrap(reader.trunkline.api.GET("/api/v1/trunks"));
  assert.equal(reader.seen[0]?.headers.has("idempotency-key"), false);
});

for (const lost of [LOST, failed(503, "service_unavailable")]) {
  test(`a change that may have been made is not sent twice: ${lost.constructor.name}`, async () => {
    const api = fake([lost, ok({})]);
    await caught(deactivate(api), TrunklineError);
    assert.equal(api.seen.length, 1);
  });
}

for (const refused of [REFUSED, failed(429, "rate_limited")]) {
  test(`a change that was not carried out is sent again: ${refused.constructor.name}`, async () => {
    const api = fake([refused, ok({ id: "a-1" })]);
    assert.equal((await deactivate(api)).id, "a-1");
    assert.equal(api.seen.length, 2);
  });
}

test("a conflict that stays is not tried again", async () => {
  const api = fake([failed(409, "outcome_unknown")]);
  assert.equal((await caught(create(api), ApiError)).type, "outcome_unknown");
  assert.equal(api.seen.length, 1);
});

test("a pause beyond the deadline is not waited for", async () => {
  const api = fake([failed(429, "daily_limit_reached", { "retry-after": "31" })]);
  const error = await caught(create(api), ApiError);
  assert.deepEqual(
    [error.status, error.type, error.message, error.requestId, error.field, error.retryAfterS, api.seen.length],
    [429, "daily_limit_reached", "It is daily_limit_reached", "r-1", "f", 31, 1],
  );
});

test("an error of another form is an API error too", async () => {
  for (const text of ["<html>", "[]", '{"error": "no"}', '{"message": 1}', ""]) {
    const headers = { "apigw-requestid": "g-1", "retry-after": "soon" };
    const error = await caught(create(fake([new Response(text, { status: 404, headers })])), ApiError);
    assert.deepEqual([error.type, error.message], ["unexpected", "The API responded with status 404."]);
    assert.deepEqual([error.requestId, error.retryAfterS], ["g-1", undefined]);
  }
});

test("a lost response says with which key to repeat", async () => {
  const api = fake([LOST], 0);
  const error = await caught(create(api), NoResponse);
  assert.equal(error.message, "POST /api/v1/calls has no response: it was UND_ERR_SOCKET");
  assert.equal(error.wasSent, true);
  assert.equal(error.idempotencyKey, api.seen[0]?.headers.get("idempotency-key"));
});

test("a body that breaks off is no success", async () => {
  const broken = new ReadableStream({
    start: (controller) => {
      controller.error(LOST);
    },
  });
  const steps = [new Response(broken), ok({ data: [] })];
  let attempts = 0;
  const fetch = (): Promise<Response> => Promise.resolve(steps[attempts++] ?? ok({}));
  const trunkline = new Trunkline({ baseUrl: "https://api.test", apiKey: "k", retries: { firstPauseS: 0 }, fetch });
  assert.deepEqual(await unwrap(trunkline.api.GET("/api/v1/trunks")), { data: [] });
  assert.equal(attempts, 2);
});

test("a page of something else is not taken for a response", async () => {
  for (const text of ["<html>", ""]) {
    await caught(unwrap(fake([new Response(text)]).trunkline.api.GET("/api/v1/trunks")), TrunklineError);
  }
});

test("a list is read page after page", async () => {
  const api = fake([
    ok({ data: [{ call_id: "1" }, { call_id: "2" }], next_cursor: "next", version: "v" }),
    failed(503, "service_unavailable"),
    ok({ data: [], next_cursor: "last", version: "v" }),
    ok({ data: [{ call_id: "3" }], next_cursor: null, version: "v" }),
  ]);
  const calls = iterate((page) =>
    unwrap(api.trunkline.api.GET("/api/v1/calls", { params: { query: { ...page, status: "failed" } } })),
  );
  const ids: string[] = [];
  for await (const call of calls) ids.push(call.call_id);
  assert.deepEqual(ids, ["1", "2", "3"]);
  assert.deepEqual(
    api.seen.map((request) => new URL(request.url).searchParams.get("cursor")),
    [null, "next", "next", "last"],
  );
});

function call(values: object = {}): Response {
  return ok({ call_id: "c-1", status: "queued", ended_at: null, last_event: 3, ...values });
}

test("the wait for an end polls after the event that it knows", async () => {
  const ended = call({ status: "completed", ended_at: "2026-01-01T00:00:00.000Z" });
  const api = fake([call(), call({ last_event: 4, poll_after_s: 0 }), ended]);
  assert.equal((await api.trunkline.waitUntilEnded("c-1")).status, "completed");
  assert.deepEqual(
    api.seen.map((request) => new URL(request.url).search),
    ["", "?wait=25&after=3", "?wait=25&after=4"],
  );
});

for (const lost of [LOST, failed(503, "service_unavailable")]) {
  test(`a long poll that fails at its end is sent again: ${lost.constructor.name}`, async (t) => {
    const ended = call({ status: "completed", ended_at: "2026-01-01T00:00:00.000Z" });
    const api = slow(t, [call(), lost, ended]);
    assert.equal((await api.trunkline.waitUntilEnded("c-1")).status, "completed");
    assert.equal(api.seen.length, 3);
  });
}

test("the time for retries begins with the first failure", async (t) => {
  const api = slow(t, [LOST], 60);
  await caught(unwrap(api.trunkline.api.GET("/api/v1/trunks")), NoResponse);
  assert.equal(api.seen.length, 2 + Math.floor(60 / ATTEMPT_S));
});

test("a wait ends in time with the call as it is, or when it is given up", async () => {
  const { trunkline } = fake([call({ status: "active", poll_after_s: 60 })]);
  const error = await caught(trunkline.waitUntilEnded("c-1", { timeoutS: 0 }), WaitTimeout);
  assert.equal(error.message, "call c-1 is still active");
  assert.equal(error.call.last_event, 3);
  const stop = new AbortController();
  const waiting = trunkline.waitUntilEnded("c-1", { signal: stop.signal });
  setTimeout(() => {
    stop.abort(new Error("enough"));
  }, 20);
  assert.equal((await caught(waiting, Error)).message, "enough");
});
