import { Button } from "@mantine/core";
import { useElementSize } from "@mantine/hooks";
import { defaultRangeExtractor, useVirtualizer } from "@tanstack/react-virtual";
import { ArrowDown, ArrowUp } from "lucide-react";
import {
  memo,
  useMemo,
  useRef,
  type CSSProperties,
  type KeyboardEvent,
  type MouseEvent,
  type ReactNode,
} from "react";
import classes from "./DataTable.module.css";
import { rowToFocus, visibleColumns, withIndex, type Column, type More } from "./data-table";
import { TabStop, useRowFocus } from "./row-focus";
import { RowCheck, SelectAll, toggled, type Selection } from "./RowCheck";
import { useTableRows } from "./use-table-rows";

const ROW_HEIGHT = 44;
/** The head with its line. */
const HEAD_HEIGHT = 37;

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
  selection?: Selection;
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
  const shown = useMemo(() => visibleColumns(columns, width), [columns, width]);
  const table = useTableRows(rows, shown, rowId);
  const ordered = table.rows;
  const ids = useMemo(() => ordered.map(rowId), [ordered, rowId]);
  const focus = useRowFocus(ids, scroller);
  // eslint-disable-next-line react-hooks/incompatible-library -- it is used in this component alone
  const virtual = useVirtualizer({
    count: ordered.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_HEIGHT,
    overscan: 8,
    // The row with the focus stays in the page wherever one scrolls: the focus would be lost with it.
    rangeExtractor: (range) => withIndex(defaultRangeExtractor(range), focus.at),
  });
  const tracks = [
    ...(selection ? ["40px"] : []),
    ...shown.map((column) => column.width ?? "minmax(0, 1fr)"),
  ].join(" ");
  const onKeyDown = (event: KeyboardEvent, row: Row, index: number) => {
    if (event.target !== event.currentTarget) return;
    const next = rowToFocus(event.key, index, ordered.length);
    if (next !== null) focus.move(next);
    else if (event.key === "Enter" && onOpen) onOpen(row);
    else if (event.key === " " && selection) toggled(selection, rowId(row));
    else return;
    event.preventDefault();
  };
  return (
    <div
      ref={frame}
      className={classes.frame}
      style={{ "--tl-rows-height": `${HEAD_HEIGHT + virtual.getTotalSize()}px` } as CSSProperties}
    >
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
            {selection && <SelectAll ids={ids} selection={selection} />}
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
            const [row, id] = [ordered[index], ids[index]];
            if (row === undefined || id === undefined) return null;
            return (
              <div
                key={id}
                role="row"
                data-index={index}
                data-clickable={onOpen ? "" : undefined}
                aria-rowindex={index + 2}
                aria-selected={selection ? selection.ids.has(id) : undefined}
                tabIndex={index === focus.at ? 0 : -1}
                className={classes.row}
                style={{
                  height: ROW_HEIGHT,
                  transform: `translateY(${start}px)`,
                  gridTemplateColumns: tracks,
                }}
                onFocus={() => focus.note(index)}
                onKeyDown={(event) => onKeyDown(event, row, index)}
                onClick={(event) => {
                  if (onOpen && !isControl(event)) onOpen(row);
                }}
              >
                <TabStop value={index === focus.at}>
                  {selection && <RowCheck id={id} selection={selection} />}
                  <Cells row={row} columns={shown} />
                </TabStop>
              </div>
            );
          })}
        </div>
      </div>
      <Foot count={ordered.length} selected={selection?.ids.size ?? 0} more={more} />
    </div>
  );
}

interface CellsProps<Row> {
  row: Row;
  columns: Column<Row>[];
}

/** While a table is scrolled, only the cells of rows that come into sight are made. */
const Cells = memo(function Cells<Row>({ row, columns }: CellsProps<Row>) {
  return columns.map((column) => (
    <div
      key={column.id}
      role="gridcell"
      className={`${classes.cell} ${column.align === "end" ? classes.end : ""}`}
    >
      {column.cell(row)}
    </div>
  ));
}) as <Row>(props: CellsProps<Row>) => ReactNode;

/** A click on a button or link within a row is not one on the row. */
function isControl(event: MouseEvent): boolean {
  return (
    event.target instanceof Element &&
    event.target.closest("a, button, input, label, [role=menuitem]") !== null
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
