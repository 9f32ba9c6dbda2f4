/** The beginning of a long text, up to the end of a line. Pure. */
export function excerpt(text: string, atMost: number): { text: string; left: number } {
  if (text.length <= atMost) return { text, left: 0 };
  const end = text.lastIndexOf("\n", atMost);
  const shown = text.slice(0, end > 0 ? end : atMost);
  return { text: shown, left: text.length - shown.length };
}
