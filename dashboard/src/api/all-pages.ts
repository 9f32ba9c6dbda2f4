/** A whole list, for choices and for what refers to what: its limits of a tenant keep it short. */

interface ListPage<Row> {
  data: Row[];
  next_cursor: string | null;
}

const MOST_PAGES = 40;

/** Reads a list's pages one after the other. */
export async function allPages<Row>(
  read: (query: { cursor?: string }) => Promise<ListPage<Row>>,
): Promise<Row[]> {
  const rows: Row[] = [];
  let cursor: string | null = null;
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const found: ListPage<Row> = await read(cursor === null ? {} : { cursor });
    rows.push(...found.data);
    cursor = found.next_cursor;
    if (cursor === null) break;
  }
  return rows;
}
