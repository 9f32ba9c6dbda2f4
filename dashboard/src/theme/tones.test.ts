import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const css = readFileSync(new URL("./tokens.css", import.meta.url), "utf8");
const AA = 4.5;

/** The tokens of a scheme. */
function tokensOf(scheme: "light" | "dark"): Map<string, string> {
  const block = css.split(`[data-mantine-color-scheme="${scheme}"] {`)[1]?.split("}")[0] ?? "";
  return new Map(
    [...block.matchAll(/--tl-([\w-]+): (#[0-9a-f]{6});/g)].map(([, name = "", color = ""]) => [name, color]),
  );
}

/** Relative luminance: https://www.w3.org/TR/WCAG22/#dfn-relative-luminance */
function luminance(color: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(color.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** Contrast ratio: https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio */
function contrast(one: string, other: string): number {
  const [dark = 0, light = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

const TONES = ["good", "bad", "warn", "info", "later", "idle", "accent"];
const PAIRS = [
  ...TONES.map((tone) => [tone, `${tone}-soft`]),
  ...["text", "muted", ...TONES].flatMap((text) =>
    ["canvas", "surface", "raised"].map((surface) => [text, surface]),
  ),
  ["on-accent", "accent"],
  ["on-accent", "accent-hover"],
  ["muted", "accent-soft"],
];

describe.each(["light", "dark"] as const)("in the %s scheme", (scheme) => {
  const tokens = tokensOf(scheme);
  it.each(PAIRS)("%s can be read on %s", (text = "", surface = "") => {
    expect(contrast(tokens.get(text) ?? "", tokens.get(surface) ?? "")).toBeGreaterThanOrEqual(AA);
  });
});
