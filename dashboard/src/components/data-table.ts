/** Columns of a `DataTable`, and how its keys move. Pure. */
import type { ReactNode } from "react";

export interface Column<Row> {
  id: string;
  header: string;
  cell: (row: Row) => ReactNode;
  /** Makes the column sortable: the loaded rows, by this value. */
  sortBy?: (row: Row) => string | number | null;
  /** A track of CSS grid; the rest is shared. */
  width?: string;
  align?: "end";
  /** Hidden where the table is narrower than this, in pixels. */
  hideBelow?: number;
}

/** The next page of a list with a cursor. */
export interface More {
  has: boolean;
  isLoading: boolean;
  load: () => void;
}

/** The next page of an infinite query: `<DataTable more={moreOf(query)} … />`. */
export function moreOf(query: {
  hasNextPage: boolean;
  isFetchingNextPage: boolean;
  fetchNextPage: () => unknown;
}): More {
  return {
    has: query.hasNextPage,
    isLoading: query.isFetchingNextPage,
    load: () => void query.fetchNextPage(),
  };
}

export function visibleColumns<Row>(columns: Column<Row>[], width: number): Column<Row>[] {
  // The width is 0 before the first measurement.
  return columns.filter((column) => width === 0 || width >= (column.hideBelow ?? 0));
}

const PAGE = 10;

/** The row that a key moves to; null if it moves to none. */
export function rowToFocus(key: string, at: number, count: number): number | null {
  const steps: Record<string, number> = {
    ArrowDown: 1,
    ArrowUp: -1,
    PageDown: PAGE,
    PageUp: -PAGE,
    Home: -count,
    End: count,
  };
  const step = steps[key];
  return step === undefined || count === 0 ? null : Math.max(0, Math.min(count - 1, at + step));
}

/** The indexes in ascending order, with this one. */
export function withIndex(indexes: number[], index: number): number[] {
  return index < 0 || indexes.includes(index)
    ? indexes
    : [...indexes, index].sort((one, other) => one - other);
}

/** Those of the selected ids that are among the rows: what a filter hides is not acted on. */
export function selectedAmong(selected: ReadonlySet<string>, ids: string[]): ReadonlySet<string> {
  if (selected.size === 0) return selected;
  return new Set(ids.filter((id) => selected.has(id)));
}
