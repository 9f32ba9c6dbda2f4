/** Adds a list of any length to the suppression list, a part after the other. */
import type { Schemas } from "~/api/client";
import { ApiError } from "~/api/errors";
import { partsOf } from "./number-list";
import { suppress } from "./queries";

const MOST_TRIES = 5;

/**
 * Sends the parts in order and reports how many numbers are on the list. A part that fails for a while is sent
 * again: an entry that is there already is only replaced.
 *
 * Raises the error of a part that cannot be added; what came before it is on the list.
 */
export async function importNumbers(
  numbers: string[],
  entry: Pick<Schemas["Suppressions"], "reason" | "expires_at">,
  onProgress: (done: number) => void,
  send: typeof suppress = suppress,
  pause: (seconds: number) => Promise<void> = wait,
): Promise<void> {
  let done = 0;
  for (const part of partsOf(numbers)) {
    await sendPatiently(() => send({ ...entry, numbers: part }), pause);
    done += part.length;
    onProgress(done);
  }
}

async function sendPatiently(send: () => Promise<unknown>, pause: (seconds: number) => Promise<void>) {
  for (let tries = 1; ; tries += 1) {
    try {
      return await send();
    } catch (error) {
      if (!(error instanceof ApiError) || !error.isTransient || tries === MOST_TRIES) throw error;
      await pause(error.retryAfterS ?? 2 ** (tries - 1));
    }
  }
}

function wait(seconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, seconds * 1000));
}
