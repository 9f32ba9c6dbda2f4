import jsxA11y from "eslint-plugin-jsx-a11y";
import reactHooks from "eslint-plugin-react-hooks";
import tseslint from "typescript-eslint";

const NO_INNER_HTML = {
  selector: "JSXAttribute[name.name='dangerouslySetInnerHTML']",
  message: "Text from the API is text, never HTML.",
};

export default tseslint.config(
  { ignores: ["dist", "node_modules", "**/*.gen.ts"] },
  {
    files: ["**/*.{ts,tsx}"],
    extends: [
      ...tseslint.configs.strictTypeChecked,
      ...tseslint.configs.stylisticTypeChecked,
      jsxA11y.flatConfigs.strict,
      reactHooks.configs.flat.recommended,
    ],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      // A box that scrolls must be reached by the keyboard.
      "jsx-a11y/no-noninteractive-tabindex": ["error", { tags: ["pre"], roles: ["tabpanel", "log"] }],
      "max-lines": ["error", 300],
      "no-restricted-syntax": ["error", NO_INNER_HTML],
      "no-restricted-globals": [
        "error",
        { name: "fetch", message: "Use `api`: it knows the mode, the errors and the clock." },
        { name: "localStorage", message: "Only preferences live there: use `lib/preferences.ts`." },
      ],
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
      // The router's `redirect` and `notFound` are thrown, and are no errors.
      "@typescript-eslint/only-throw-error": "off",
    },
  },
);
