import createClient from "openapi-fetch";
import { expect, test } from "vitest";
import { readExactly } from "./exact-response";

const TEXT = '{"metadata":{"order":12345678901234567890}}';

test.each<Record<string, string>>([{}, { "content-length": String(TEXT.length) }])(
  "the client keeps large integers of a response with the headers %o",
  async (headers) => {
    const client = createClient<Record<string, { get: { responses: Record<200, unknown> } }>>({
      baseUrl: "https://api.test",
      fetch: () => Promise.resolve(new Response(TEXT, { headers })),
    });
    client.use({ onResponse: ({ response }) => readExactly(response) });
    const { data } = await client.request("get", "/call");
    expect(JSON.stringify(data)).toBe(TEXT);
  },
);
