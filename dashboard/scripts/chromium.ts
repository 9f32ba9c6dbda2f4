/**
 * Unpacks the Chromium of an npm package into TMPDIR, for browser tests: a machine then needs no browser of its
 * own. Source: https://github.com/Sparticuz/chromium
 */
import chromium, { inflate } from "@sparticuz/chromium";
import { fileURLToPath } from "node:url";

chromium.setGraphicsMode = false;
await chromium.executablePath();
// Libraries that a small Linux lacks, such as NSS.
const libraries = new URL("../node_modules/@sparticuz/chromium/bin/al2023.tar.br", import.meta.url);
await inflate(fileURLToPath(libraries));
