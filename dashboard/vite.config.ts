import { tanstackRouter } from "@tanstack/router-plugin/vite";
import react from "@vitejs/plugin-react";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { precompress } from "./scripts/precompress.ts";

/** The local stack, for `npm run dev`: `make run` prints its address. */
const api = process.env.TRUNKLINE_API_URL ?? "http://127.0.0.1:8080";
const proxied = { target: api, changeOrigin: false };

export default defineConfig({
  plugins: [tanstackRouter(), react(), precompress()],
  resolve: { alias: { "~": fileURLToPath(new URL("./src", import.meta.url)) } },
  build: {
    // Lambda's limit of a response is 6 MB; nothing here comes near it, and data: URLs would need more of the CSP.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: "es2023",
    manifest: true,
  },
  server: { proxy: { "/api": proxied, "/config.json": proxied } },
  test: { include: ["src/**/*.test.ts"], environment: "node", isolate: false },
});
