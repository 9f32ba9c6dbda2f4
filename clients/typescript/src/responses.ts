/** Bodies of responses, and lists that have pages. */
import { TrunklineError } from "./errors.js";

interface Result<Data> {
  data?: Data;
}

/** A page of a list. */
export interface Page<Item> {
  data: Item[];
  next_cursor: string | null;
}

/**
 * Returns the body of a response; what is no success was thrown before:
 *
 *     const call = await unwrap(trunkline.api.GET("/api/v1/calls/{call_id}", { params: { path: { call_id } } }));
 */
export async function unwrap<Data>(request: Promise<Result<Data>>): Promise<Data> {
  const { data } = await request.catch((error: unknown) => {
    // The parser's: something else than the API responds at this address.
    throw error instanceof SyntaxError ? new TrunklineError("The response is not JSON.", { cause: error }) : error;
  });
  if (data === undefined) throw new TrunklineError("The response is empty.");
  return data;
}

/**
 * Reads the pages of a list one after the other, and yields their items:
 *
 *     iterate((page) => unwrap(trunkline.api.GET("/api/v1/calls", { params: { query: { ...page, limit: 100 } } })))
 */
export async function* iterate<Item>(
  read: (page: { cursor?: string }) => Promise<Page<Item>>,
): AsyncGenerator<Item, void, undefined> {
  let page = await read({});
  yield* page.data;
  while (page.next_cursor !== null) {
    page = await read({ cursor: page.next_cursor });
    yield* page.data;
  }
}
