/** Mantine's theme: it takes its colors from `tokens.css`. */
import {
  createTheme,
  defaultVariantColorsResolver,
  type CSSVariablesResolver,
  type MantineColorsTuple,
  type VariantColorsResolver,
} from "@mantine/core";

const trunk: MantineColorsTuple = [
  "#e8f6f4",
  "#d3ebe8",
  "#a6d8d2",
  "#84d9ce",
  "#63cfc2",
  "#2f9d94",
  "#178580",
  "#0f7672",
  "#0b6663",
  "#084f4d",
];

/** Mantine's surfaces in the dark scheme, in the tint of the tokens. */
const dark: MantineColorsTuple = [
  "#e7edeb",
  "#c3cdca",
  "#9fada9",
  "#6f7f7b",
  "#3a4946",
  "#24302d",
  "#1a2321",
  "#121918",
  "#0c1110",
  "#080b0b",
];

/** A filled button's text is readable in both schemes: the accent is dark in one, and light in the other. */
const variants: VariantColorsResolver = (input) => {
  const standard = defaultVariantColorsResolver(input);
  if (input.variant !== "filled" || (input.color && input.color !== "trunk")) return standard;
  return {
    ...standard,
    background: "var(--tl-accent)",
    hover: "var(--tl-accent-hover)",
    color: "var(--tl-on-accent)",
  };
};

export const theme = createTheme({
  colors: { trunk, dark },
  primaryColor: "trunk",
  primaryShade: { light: 8, dark: 4 },
  variantColorResolver: variants,
  fontFamily: '"Inter Variable", system-ui, -apple-system, "Segoe UI", sans-serif',
  fontFamilyMonospace: '"JetBrains Mono Variable", ui-monospace, "SF Mono", Menlo, monospace',
  fontSizes: { xs: "12px", sm: "13px", md: "14px", lg: "16px", xl: "20px" },
  lineHeights: { xs: "1.35", sm: "1.45", md: "1.5", lg: "1.5", xl: "1.35" },
  defaultRadius: "md",
  radius: { xs: "4px", sm: "6px", md: "8px", lg: "12px", xl: "16px" },
  headings: { fontWeight: "620", sizes: { h1: { fontSize: "22px", lineHeight: "1.3" } } },
  focusRing: "auto",
  cursorType: "pointer",
  components: {
    Button: { defaultProps: { size: "sm" } },
    // The placeholder is no item of a menu, which screen readers are told.
    Menu: { defaultProps: { withInitialFocusPlaceholder: false } },
    Tooltip: { defaultProps: { openDelay: 300, withArrow: true } },
    Modal: {
      defaultProps: { centered: true, radius: "lg" },
      styles: { title: { fontSize: "16px", fontWeight: 620 } },
    },
  },
});

const COLORS = {
  "--mantine-color-body": "var(--tl-surface)",
  "--mantine-color-text": "var(--tl-text)",
  "--mantine-color-dimmed": "var(--tl-muted)",
  "--mantine-color-placeholder": "var(--tl-muted)",
  "--mantine-color-error": "var(--tl-bad)",
  "--mantine-color-anchor": "var(--tl-accent)",
  "--mantine-color-default": "var(--tl-surface)",
  "--mantine-color-default-hover": "var(--tl-raised)",
  "--mantine-color-default-color": "var(--tl-text)",
  "--mantine-color-default-border": "var(--tl-line-strong)",
};

export const cssVariables: CSSVariablesResolver = () => ({ variables: {}, light: COLORS, dark: COLORS });
