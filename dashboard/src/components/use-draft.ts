import { useState } from "react";
import { differences, isSame, rebased } from "~/lib/draft";

/** What became of the resource while its form was edited. */
export interface Elsewhere {
  /** The fields of the draft that have another value now. */
  fields: string[];
  /** Keeps what was edited, over the newer values. */
  keep: () => void;
  /** Drops what was edited. */
  drop: () => void;
}

export interface Edited<Draft> {
  draft: Draft;
  /** The draft before it was edited. */
  base: Draft;
  change: (part: Partial<Draft>) => void;
  isChanged: boolean;
  /** Null while nobody else has changed the resource. */
  elsewhere: Elsewhere | null;
  discard: () => void;
  /** After `sent` was saved as `saved`: what was typed since then stays. */
  settle: (sent: Draft, saved: Draft) => void;
}

/**
 * The draft of a form. Until it is edited it follows `now`, the draft of what is stored. From then on it stays as it
 * is, whatever a poll reads, and `elsewhere` says if the stored values are others than those it began with.
 *
 *     const form = useDraft(agentDraft(agent));
 */
export function useDraft<Draft extends object>(now: Draft): Edited<Draft> {
  const [edit, setEdit] = useState<{ base: Draft; draft: Draft } | null>(null);
  const isChanged = edit !== null && !isSame(edit.base, edit.draft);
  const base = isChanged ? edit.base : now;
  const draft = isChanged ? edit.draft : now;
  const fields = isSame(draft, now) ? [] : differences(base, now).map(String);
  const change = (part: Partial<Draft>) =>
    setEdit((before) => {
      const from = before && !isSame(before.base, before.draft) ? before : { base: now, draft: now };
      return { base: from.base, draft: { ...from.draft, ...part } };
    });
  const settle = (sent: Draft, saved: Draft) =>
    setEdit((before) => before && { base: saved, draft: rebased(sent, before.draft, saved) });
  const elsewhere = {
    fields,
    keep: () => setEdit({ base: now, draft: rebased(base, draft, now) }),
    drop: () => setEdit(null),
  };
  return {
    ...{ draft, base, change, isChanged, settle },
    discard: () => setEdit(null),
    elsewhere: fields.length > 0 ? elsewhere : null,
  };
}
