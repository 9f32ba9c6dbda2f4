import { createHash } from "node:crypto";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { extname, join, relative } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import type { Plugin } from "vite";

const TYPES: Record<string, string> = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".ico": "image/x-icon",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".txt": "text/plain; charset=utf-8",
  ".webmanifest": "application/manifest+json",
  ".woff2": "font/woff2",
};
const COMPRESSED = new Set([".css", ".js", ".json", ".svg", ".txt", ".webmanifest"]);
export const MANIFEST = "site.json";

/** What the `dashboard` function needs of a file: its type, its tag, and the encodings that are beside it. */
export interface SiteFile {
  type: string;
  etag: string;
  encodings: string[];
}

/** Writes `.br` and `.gz` beside each file that shrinks, and a list of all files for the function. */
export function precompress(): Plugin {
  let folder = "";
  return {
    name: "trunkline-precompress",
    apply: "build",
    configResolved: (config) => {
      folder = config.build.outDir.startsWith("/")
        ? config.build.outDir
        : join(config.root, config.build.outDir);
    },
    closeBundle: async () => {
      const files: Record<string, SiteFile> = {};
      for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
        if (!entry.isFile() || entry.name === MANIFEST || entry.parentPath.endsWith(".vite")) continue;
        const path = join(entry.parentPath, entry.name);
        files[relative(folder, path)] = await describe(path);
      }
      await writeFile(join(folder, MANIFEST), JSON.stringify(files, null, 1));
    },
  };
}

async function describe(path: string): Promise<SiteFile> {
  const content = await readFile(path);
  const kind = extname(path);
  const type = TYPES[kind];
  if (type === undefined) throw new Error(`${path}: add the media type of ${kind} to scripts/precompress.ts`);
  const etag = createHash("sha256").update(content).digest("base64url").slice(0, 16);
  const encodings: string[] = [];
  if (COMPRESSED.has(kind)) {
    const quality = { params: { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY } };
    const compressed = { br: brotliCompressSync(content, quality), gz: gzipSync(content, { level: 9 }) };
    for (const [encoding, bytes] of Object.entries(compressed)) {
      if (bytes.length >= content.length) continue;
      await writeFile(`${path}.${encoding}`, bytes);
      encodings.push(encoding);
    }
  }
  return { type, etag, encodings };
}
