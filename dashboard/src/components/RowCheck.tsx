import { useEffect, useMemo, useRef } from "react";
import classes from "./DataTable.module.css";
import { useTabIndex } from "./row-focus";

/** Ids of the selected rows. */
export interface Selection {
  ids: ReadonlySet<string>;
  onChange: (ids: ReadonlySet<string>) => void;
}

/** The selection with a row more or less. */
export function toggled({ ids, onChange }: Selection, id: string): void {
  const after = new Set(ids);
  if (!after.delete(id)) after.add(id);
  onChange(after);
}

/** The check box of a row: the whole cell takes the click, so that none beside it opens the row. */
export function RowCheck({ id, selection }: { id: string; selection: Selection }) {
  return (
    <div role="gridcell">
      <label className={classes.check}>
        <input
          type="checkbox"
          aria-label={`Select ${id}`}
          tabIndex={useTabIndex()}
          checked={selection.ids.has(id)}
          onChange={() => toggled(selection, id)}
        />
      </label>
    </div>
  );
}

/** Selects all loaded rows, or none. */
export function SelectAll({ ids, selection }: { ids: string[]; selection: Selection }) {
  const box = useRef<HTMLInputElement>(null);
  const all = useMemo(() => ids.length > 0 && ids.every((id) => selection.ids.has(id)), [ids, selection.ids]);
  const some = !all && selection.ids.size > 0;
  useEffect(() => {
    if (box.current) box.current.indeterminate = some;
  }, [some]);
  return (
    <div role="columnheader">
      <label className={classes.check}>
        <input
          ref={box}
          type="checkbox"
          aria-label="Select all loaded rows"
          checked={all}
          onChange={() => selection.onChange(new Set(all ? [] : ids))}
        />
      </label>
    </div>
  );
}
