/** Which page a sequence of keys goes to. Pure. */
import type { Section } from "./navigation";

export interface Pressed {
  key: string;
  atMs: number;
}

const SEQUENCE_MS = 1_500;
const WITHOUT_TEXT = new Set(["button", "checkbox", "file", "radio"]);

/** The path that "g" and then a page's key goes to, or null. */
export function pathOfKeys(sections: Section[], before: Pressed | null, now: Pressed): string | null {
  if (before?.key !== "g" || now.atMs - before.atMs > SEQUENCE_MS) return null;
  const pages = sections.flatMap((section) => section.pages);
  return pages.find((page) => page.key === now.key)?.to ?? null;
}

/** Whether an element takes keys for itself. */
export function isTyping(
  element: { tagName: string; type?: string; isContentEditable?: boolean } | null,
): boolean {
  if (!element) return false;
  if (element.tagName === "INPUT") return !WITHOUT_TEXT.has(element.type ?? "text");
  return element.isContentEditable === true || ["TEXTAREA", "SELECT"].includes(element.tagName);
}
