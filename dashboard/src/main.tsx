/** Starts the page against the server that it came from. */
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode, startTransition } from "react";
import { createRoot } from "react-dom/client";
import { rootPath } from "./api/root-path";
import { BackendProvider, createBackend } from "./backend";
import { router } from "./routes";

const backend = createBackend(window.location.origin + rootPath());
backend.socket.start();

const root = document.getElementById("root");
if (!root) throw new Error("index.html has no #root");
// In slices: the browser answers whoever scrolls or types meanwhile.
startTransition(() => {
  createRoot(root).render(
    <StrictMode>
      <QueryClientProvider client={new QueryClient()}>
        <BackendProvider backend={backend}>
          <RouterProvider router={router} />
        </BackendProvider>
      </QueryClientProvider>
    </StrictMode>,
  );
});
