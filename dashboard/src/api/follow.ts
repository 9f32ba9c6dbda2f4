/** Long polls, one after the other: what is shown changes when the API's state does. */
import { ApiError } from "./errors";
import { pauseAfterS } from "./long-poll";
import { pause, untilVisible } from "./pauses";
import { untilAffordable } from "./request-budget";

interface Followed<Answer> {
  /** Sends the next request, to which the API responds after a change. Null: there is nothing left to follow. */
  ask: (signal: AbortSignal) => Promise<Answer> | null;
  keep: (answer: Answer) => void;
  /** Reads plainly: if that fails, too, the page says why, and how old the rest is. */
  readPlainly: () => Promise<unknown>;
}

/** Follows until there is nothing left, the signal aborts, or no later request can succeed. It rests while the tab is hidden. */
export async function follow<Answer extends { poll_after_s?: number | null }>(
  { ask, keep, readPlainly }: Followed<Answer>,
  signal: AbortSignal,
): Promise<void> {
  const isStopped = () => signal.aborted;
  let failures = 0;
  while (!isStopped()) {
    await untilVisible(signal);
    await untilAffordable(signal);
    const asked = ask(signal);
    if (asked === null) return;
    let pauseS: number | null;
    try {
      const answer = await asked;
      keep(answer);
      failures = 0;
      pauseS = pauseAfterS({ pollAfterS: answer.poll_after_s ?? 0 }, 0);
    } catch (error) {
      if (isStopped()) return;
      failures += 1;
      // A browser also aborts what is still wanted.
      const isTransient = error instanceof DOMException;
      pauseS = pauseAfterS(error instanceof ApiError ? error : { isTransient }, failures);
      await readPlainly();
    }
    if (pauseS === null) return;
    await pause(pauseS, signal);
  }
}
