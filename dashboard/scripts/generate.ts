/**
 * Writes what is made of other files, for the type checker and the linter: the API's types from
 * `docs/openapi.json`, and the tree of the routes in `src/routes/`. Neither is committed.
 */
import { getConfig, Generator } from "@tanstack/router-generator";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import openapiTS, { astToString } from "openapi-typescript";

const root = fileURLToPath(new URL("..", import.meta.url));
const document = JSON.parse(await readFile(`${root}../docs/openapi.json`, "utf8")) as Parameters<
  typeof openapiTS
>[0];
// A field with a default may be left out of a request.
const ast = await openapiTS(document, { alphabetize: true, defaultNonNullable: false });
await mkdir(`${root}src/api`, { recursive: true });
await writeFile(`${root}src/api/schema.gen.ts`, astToString(ast));
process.chdir(root);
await new Generator({ config: getConfig({}, root), root }).run();
