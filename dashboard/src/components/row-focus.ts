/** Which row of a table has the focus, and which controls Tab stops at. */
import { createContext, useContext, useEffect, useRef, useState, type RefObject } from "react";

/** Whether Tab stops at the controls of a row: only at those of the row that has the focus, or had it last. */
export const TabStop = createContext(true);

/** The `tabIndex` of a control that may stand in a row. */
export function useTabIndex(): number | undefined {
  return useContext(TabStop) ? undefined : -1;
}

interface RowFocus {
  /** The index of the row that Tab stops at. */
  at: number;
  /** Notes that a row has got the focus. */
  note: (index: number) => void;
  /** Gives the focus to a row, once it is in the page. */
  move: (index: number) => void;
}

/** Follows the row by its id: rows that come or go above it do not move the focus. */
export function useRowFocus(ids: string[], scroller: RefObject<HTMLElement | null>): RowFocus {
  const [focused, setFocused] = useState<Focused>({ index: 0, id: undefined });
  const wanted = useRef<number | null>(null);
  const at = indexOf(focused, ids);
  useEffect(() => {
    if (wanted.current === null) return;
    const row = scroller.current?.querySelector<HTMLElement>(`[data-index="${wanted.current}"]`);
    // Scrolling renders, too: the row may come with the next one.
    if (!row) return;
    row.focus();
    wanted.current = null;
  });
  const note = (index: number) => setFocused({ index, id: ids[index] });
  const move = (index: number) => {
    wanted.current = index;
    note(index);
  };
  return { at, note, move };
}

interface Focused {
  index: number;
  /** Undefined before a row had the focus. */
  id: string | undefined;
}

function indexOf(focused: Focused, ids: string[]): number {
  if (ids[focused.index] === focused.id) return focused.index;
  const found = focused.id === undefined ? -1 : ids.indexOf(focused.id);
  return found === -1 ? Math.min(focused.index, ids.length - 1) : found;
}
