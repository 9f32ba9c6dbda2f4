/** The sorted rows of a `DataTable`, by TanStack Table. */
import {
  createSortedRowModel,
  rowSortingFeature,
  sortFn_alphanumeric,
  sortFn_basic,
  tableFeatures,
  useTable,
} from "@tanstack/react-table";
import { useMemo } from "react";
import type { Column } from "./data-table";

const features = tableFeatures({
  rowSortingFeature,
  sortedRowModel: createSortedRowModel(),
  sortFns: { alphanumeric: sortFn_alphanumeric, basic: sortFn_basic },
});

interface TableRows<Row> {
  rows: Row[];
  directionOf: (columnId: string) => "asc" | "desc" | false;
  sortBy: (columnId: string) => void;
}

export function useTableRows<Row extends object>(
  rows: Row[],
  columns: Column<Row>[],
  rowId: (row: Row) => string,
): TableRows<Row> {
  const definitions = useMemo(
    () =>
      columns.map((column) => ({
        id: column.id,
        accessorFn: (row: Row) => column.sortBy?.(row) ?? undefined,
        enableSorting: column.sortBy !== undefined,
        sortUndefined: "last" as const,
      })),
    [columns],
  );
  const table = useTable({ features, columns: definitions, data: rows, getRowId: rowId });
  const model = table.getRowModel().rows;
  const ordered = useMemo(() => model.map((row) => row.original), [model]);
  return {
    rows: ordered,
    directionOf: (id) => table.getColumn(id)?.getIsSorted() ?? false,
    sortBy: (id) => table.getColumn(id)?.toggleSorting(),
  };
}
