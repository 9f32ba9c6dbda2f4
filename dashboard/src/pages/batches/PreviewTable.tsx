import type { RowsPreview } from "./csv-preview";
import { Section } from "~/components/Section";
import classes from "./batches.module.css";

const SHOWN_COLUMNS = 40;

/** The first rows of a file, as text. */
export function PreviewTable({ preview }: { preview: RowsPreview }) {
  const columns = preview.columns.slice(0, SHOWN_COLUMNS);
  const left = preview.columns.length - columns.length;
  return (
    <Section
      title="First rows"
      text={`${preview.columns.length} columns${left > 0 ? `, the first ${SHOWN_COLUMNS} of them are shown` : ""}.`}
    >
      <div className={classes.scroll} role="tabpanel" aria-label="First rows of the file" tabIndex={0}>
        <table className={classes.table}>
          <thead>
            <tr>
              {columns.map((column, index) => (
                <th key={index} scope="col">
                  {column || "(without a name)"}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {preview.rows.map((row, number) => (
              <tr key={number}>
                {columns.map((_, index) => (
                  <td key={index}>{row[index] ?? ""}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Section>
  );
}
