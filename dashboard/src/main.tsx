import "@mantine/core/styles.css";
import "./theme/tokens.css";
import { MantineProvider } from "@mantine/core";
import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { makeApp } from "./app";
import { mayReload } from "./lib/reload-once";
import { styleNonce } from "./theme/nonce";
import { cssVariables, theme } from "./theme/theme";

// A deployment has replaced the files that this page was to load: its address has the new ones.
window.addEventListener("vite:preloadError", () => {
  if (mayReload(sessionStorage, Date.now())) location.reload();
});

const { router, queryClient } = makeApp();
const root = document.getElementById("root");
if (!root) throw new Error("index.html has no #root");

createRoot(root).render(
  <StrictMode>
    <MantineProvider
      theme={theme}
      cssVariablesResolver={cssVariables}
      defaultColorScheme="auto"
      getStyleNonce={() => styleNonce}
    >
      <QueryClientProvider client={queryClient}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </MantineProvider>
  </StrictMode>,
);
