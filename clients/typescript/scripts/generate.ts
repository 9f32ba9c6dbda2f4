/**
 * Writes `src/schema.gen.ts` from `docs/openapi.json`: the types of the API without what agents call, and which
 * operations take an Idempotency-Key. It is not committed.
 */
import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import openapiTS, { astToString, type OpenAPI3 } from "openapi-typescript";

const AGENTS = "/agent/";
const KEY = "Idempotency-Key";
const root = fileURLToPath(new URL("..", import.meta.url));
const document = JSON.parse(await readFile(`${root}../../docs/openapi.json`, "utf8")) as OpenAPI3;
const paths = Object.entries(document.paths ?? {}).filter(([path]) => !path.startsWith(AGENTS));

interface Operation {
  parameters?: { name: string }[];
}

function* withKey(): Generator<string> {
  for (const [path, item] of paths) {
    for (const [method, operation] of Object.entries(item as Record<string, Operation>)) {
      if (operation.parameters?.some(({ name }) => name === KEY)) yield `${method.toUpperCase()} ${path}`;
    }
  }
}

// A field with a default may be left out of a request.
const ast = await openapiTS(
  { ...document, paths: Object.fromEntries(paths) },
  { alphabetize: true, defaultNonNullable: false },
);
const keyed = JSON.stringify([...withKey()].sort(), null, 2);
await writeFile(
  `${root}src/schema.gen.ts`,
  `${astToString(ast)}
/** The operations that take an ${KEY}, as method and path. */
export const WITH_IDEMPOTENCY_KEY: ReadonlySet<string> = new Set(${keyed});
`,
);
