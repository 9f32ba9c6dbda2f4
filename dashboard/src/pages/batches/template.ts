/** The template that calls each row, from columns. Pure. */

/** How a template names a column: `{{row.name}}`, or `{{row["Phone (mobile)"]}}`. */
export function placeholder(column: string): string {
  return /^[\p{L}_][\p{L}\p{N}_ -]*$/u.test(column)
    ? `{{row.${column}}}`
    : `{{row[${JSON.stringify(column)}]}}`;
}

/** The column that most likely has the numbers. */
export function phoneColumn(columns: string[]): string | null {
  const named = /phone|number|mobile|tel/i;
  return columns.find((column) => named.test(column)) ?? columns[0] ?? null;
}

/** The body of `POST /calls/outbound` for each row. */
export function outboundTemplate(agentId: string | null, phone: string | null, metadata: string[]) {
  return {
    agentId: agentId ?? "",
    phoneNumber: phone === null ? "" : placeholder(phone),
    ...(metadata.length > 0
      ? { metadata: Object.fromEntries(metadata.map((column) => [column, placeholder(column)])) }
      : {}),
  };
}
