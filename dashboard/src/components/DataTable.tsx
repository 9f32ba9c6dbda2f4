import { Button } from "@mantine/core";
import { useElementSize } from "@mantine/hooks";
import { useVirtualizer } from "@tanstack/react-virtual";
import { ArrowDown, ArrowUp } from "lucide-react";
import { useMemo, useRef, useState, type KeyboardEvent, type MouseEvent, type ReactNode } from "react";
import classes from "./DataTable.module.css";
import { rowToFocus, visibleColumns, type Column, type More } from "./data-table";
import { useTableRows } from "./use-table-rows";

const ROW_HEIGHT = 44;

interface DataTableProps<Row extends object> {
  /** What the rows are: "Calls". */
  label: string;
  /** Keep it in a memo: a new array is sorted anew. */
  rows: Row[];
  /** Keep it outside of the component. */
  columns: Column<Row>[];
  rowId: (row: Row) => string;
  /** Opens a row: by click, or by Enter. */
  onOpen?: (row: Row) => void;
  /** Ids of the selected rows; the table has no check boxes without it. */
  selection?: { ids: ReadonlySet<string>; onChange: (ids: ReadonlySet<string>) => void };
  more?: More;
}

/** Rows of any number: only those in sight are in the page. Arrow keys move, Enter opens, Space selects. */
export function DataTable<Row extends object>({
  label,
  rows,
  columns,
  rowId,
  onOpen,
  selection,
  more,
}: DataTableProps<Row>) {
  const scroller = useRef<HTMLDivElement>(null);
  const { ref: frame, width } = useElementSize();
  const [focused, setFocused] = useState(0);
  const shown = useMemo(() => visibleColumns(columns, width), [columns, width]);
  const table = useTableRows(rows, shown, rowId);
  const ordered = table.rows;
  // eslint-disable-next-line react-hooks/incompatible-library -- it is used in this component alone
  const virtual = useVirtualizer({
    count: ordered.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_HEIGHT,
    overscan: 8,
  });
  const tracks = [
    ...(selection ? ["40px"] : []),
    ...shown.map((column) => column.width ?? "minmax(0, 1fr)"),
  ].join(" ");
  const toggle = (id: string) => {
    if (!selection) return;
    const ids = new Set(selection.ids);
    if (!ids.delete(id)) ids.add(id);
    selection.onChange(ids);
  };
  const focus = (index: number) => {
    setFocused(index);
    virtual.scrollToIndex(index);
    requestAnimationFrame(() =>
      scroller.current?.querySelector<HTMLElement>(`[data-index="${index}"]`)?.focus(),
    );
  };
  const onKeyDown = (event: KeyboardEvent, row: Row, index: number) => {
    if (event.target !== event.currentTarget) return;
    const next = rowToFocus(event.key, index, ordered.length);
    if (next !== null) focus(next);
    else if (event.key === "Enter" && onOpen) onOpen(row);
    else if (event.key === " " && selection) toggle(rowId(row));
    else return;
    event.preventDefault();
  };
  return (
    <div ref={frame} className={classes.frame}>
      <div
        ref={scroller}
        className={classes.scroller}
        role="grid"
        aria-label={label}
        aria-rowcount={ordered.length + 1}
        aria-multiselectable={selection ? true : undefined}
      >
        <div role="rowgroup" className={classes.head}>
          <div role="row" aria-rowindex={1} style={{ display: "grid", gridTemplateColumns: tracks }}>
            {selection && <SelectAll rows={ordered.map(rowId)} selection={selection} />}
            {shown.map((column) => (
              <Header
                key={column.id}
                column={column}
                direction={table.directionOf(column.id)}
                onSort={() => table.sortBy(column.id)}
              />
            ))}
          </div>
        </div>
        <div role="rowgroup" className={classes.body} style={{ height: virtual.getTotalSize() }}>
          {virtual.getVirtualItems().map(({ index, start }) => {
            const row = ordered[index];
            if (row === undefined) return null;
            const id = rowId(row);
            return (
              <div
                key={id}
                role="row"
                data-index={index}
                data-clickable={onOpen ? "" : undefined}
                aria-rowindex={index + 2}
                aria-selected={selection ? selection.ids.has(id) : undefined}
                tabIndex={index === Math.min(focused, ordered.length - 1) ? 0 : -1}
                className={classes.row}
                style={{
                  height: ROW_HEIGHT,
                  transform: `translateY(${start}px)`,
                  gridTemplateColumns: tracks,
                }}
                onFocus={() => setFocused(index)}
                onKeyDown={(event) => onKeyDown(event, row, index)}
                onClick={(event) => {
                  if (onOpen && !isControl(event)) onOpen(row);
                }}
              >
                {selection && (
                  <div role="gridcell" className={classes.cell}>
                    <input
                      type="checkbox"
                      aria-label={`Select ${id}`}
                      checked={selection.ids.has(id)}
                      onChange={() => toggle(id)}
                    />
                  </div>
                )}
                {shown.map((column) => (
                  <div
                    key={column.id}
                    role="gridcell"
                    className={`${classes.cell} ${column.align === "end" ? classes.end : ""}`}
                  >
                    {column.cell(row)}
                  </div>
                ))}
              </div>
            );
          })}
        </div>
      </div>
      <Foot count={ordered.length} selected={selection?.ids.size ?? 0} more={more} />
    </div>
  );
}

/** A click on a button or link within a row is not one on the row. */
function isControl(event: MouseEvent): boolean {
  return (
    event.target instanceof Element && event.target.closest("a, button, input, [role=menuitem]") !== null
  );
}

interface HeaderProps<Row> {
  column: Column<Row>;
  direction: "asc" | "desc" | false;
  onSort: () => void;
}

function Header<Row>({ column, direction, onSort }: HeaderProps<Row>) {
  const sorted = direction === "asc" ? "ascending" : direction === "desc" ? "descending" : "none";
  const content: ReactNode = column.sortBy ? (
    <button type="button" className={classes.sort} onClick={onSort}>
      {column.header}
      {direction === "asc" && <ArrowUp size={12} aria-hidden />}
      {direction === "desc" && <ArrowDown size={12} aria-hidden />}
    </button>
  ) : (
    column.header
  );
  return (
    <div
      role="columnheader"
      aria-sort={column.sortBy ? sorted : undefined}
      className={`${classes.header} ${column.align === "end" ? classes.end : ""}`}
    >
      {content}
    </div>
  );
}

function SelectAll({
  rows,
  selection,
}: {
  rows: string[];
  selection: NonNullable<DataTableProps<never>["selection"]>;
}) {
  const all = rows.length > 0 && rows.every((id) => selection.ids.has(id));
  return (
    <div role="columnheader" className={classes.header}>
      <input
        type="checkbox"
        aria-label="Select all loaded rows"
        checked={all}
        onChange={() => selection.onChange(new Set(all ? [] : rows))}
      />
    </div>
  );
}

function Foot({ count, selected, more }: { count: number; selected: number; more: More | undefined }) {
  const rows = `${count.toLocaleString("en")} ${count === 1 ? "row" : "rows"}${more?.has ? " loaded" : ""}`;
  return (
    <div className={classes.foot}>
      <span className="tabular" role="status">
        {selected > 0 ? `${selected} of ${rows} selected` : rows}
      </span>
      {more?.has && (
        <Button variant="default" size="compact-sm" loading={more.isLoading} onClick={more.load}>
          Load more
        </Button>
      )}
    </div>
  );
}
