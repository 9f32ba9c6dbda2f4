/** The choices, with what is chosen already: it may be gone, or not be readable. Pure. */
export function namesWith(names: string[], chosen: string[]): string[] {
  return [...new Set([...names, ...chosen])];
}
