/** Responses whose large integers keep every digit. */
import { parseToShow } from "~/lib/exact-json";

/** The response, with a `json()` that keeps large integers. */
export function readExactly(response: Response): Response {
  const headers = new Headers(response.headers);
  // openapi-fetch calls `json()` of a response with a length, and parses any other one itself.
  if (!headers.get("content-length")) headers.set("content-length", "1");
  const { status, statusText } = response;
  const read = new Response(response.body, { status, statusText, headers });
  read.json = async () => parseToShow(await read.text());
  return read;
}
