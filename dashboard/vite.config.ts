import { fileURLToPath } from "node:url";
import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { type Plugin, runnerImport } from "vite";
import { compression, defineAlgorithm } from "vite-plugin-compression2";
import { defineConfig } from "vitest/config";

/** The first paint needs no script: what stands there until the page runs is drawn when it is built. */
const opening = (): Plugin => ({
  name: "opening",
  async transformIndexHtml(html) {
    const { module } = await runnerImport<typeof import("./src/shell/opening")>("./src/shell/opening.tsx");
    return html.replace('<div id="root">', `<div id="root">${module.openingMarkup()}`);
  },
});

/** The page's own scripts come beside the first one, which only waits for a paint, and after the styles that it needs. */
const preloading = (): Plugin => {
  let base = "/";
  return {
    name: "preloading",
    configResolved: (config) => {
      base = config.base;
    },
    transformIndexHtml: {
      order: "post",
      handler: (_, { bundle = {} }) => {
        const chunks = Object.values(bundle).filter((each) => each.type === "chunk");
        const page = chunks.find(({ facadeModuleId }) => facadeModuleId?.endsWith("/src/main.tsx"));
        const needed = new Set(page ? [page.fileName] : []);
        // A set hands out what is added to it meanwhile.
        for (const name of needed)
          for (const imported of chunks.find(({ fileName }) => fileName === name)?.imports ?? [])
            needed.add(imported);
        return [...needed].map((name) => ({
          tag: "link",
          injectTo: "head",
          attrs: { rel: "modulepreload", crossorigin: true, fetchpriority: "low", href: base + name },
        }));
      },
    },
  };
};

const FIRST_PAGE = fileURLToPath(new URL("src/main.tsx", import.meta.url));

type Importing = { getModuleInfo: (id: string) => { importedIds: readonly string[] } | null };

/** What the first page needs is one script, whatever other pages share with it: else each of them would cut it into more. */
const firstPage = () => {
  const needed = new Set<string>();
  return (id: string, modules: Importing): string | null => {
    if (needed.size === 0) {
      needed.add(FIRST_PAGE);
      // A set hands out what is added to it meanwhile.
      for (const each of needed)
        for (const imported of modules.getModuleInfo(each)?.importedIds ?? []) needed.add(imported);
    }
    return needed.has(id) ? "page" : null;
  };
};

const SERVER = "http://127.0.0.1:8000";

export default defineConfig({
  plugins: [
    react(),
    tailwindcss(),
    opening(),
    preloading(),
    // Beside each asset, once and as small as it gets: the server sends what the browser takes (web/assets.py).
    compression({
      include: /\.(js|css|svg)$/,
      threshold: 1024,
      algorithms: [defineAlgorithm("brotliCompress"), defineAlgorithm("gzip", { level: 9 })],
    }),
  ],
  // Named from the page's folder: the server that hands the page out says where that is, below a proxy's path too.
  base: "./",
  server: {
    port: 5173,
    strictPort: true,
    // The server takes calls of its own pages only: the page in development speaks as one of them.
    proxy: {
      "/api": { target: SERVER, headers: { origin: SERVER } },
      "/healthz": SERVER,
      "/readyz": SERVER,
      "/ws": { target: SERVER, ws: true, headers: { origin: SERVER } },
    },
  },
  build: {
    // The server ships the built page; the folder is not in git.
    outDir: "../src/quarterhour/web/static",
    emptyOutDir: true,
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [
            // The script before the page's own one needs them too.
            { name: "helpers", test: /preload-helper|rolldown.runtime/, priority: 1 },
            { name: firstPage() },
          ],
        },
      },
    },
  },
  test: {
    environment: "jsdom",
    setupFiles: "src/testing/setup.ts",
    // One page for all files, as a browser would have it: another jsdom for each takes half of the time.
    isolate: false,
    // Nothing is timed: a machine that is busy with other tests is only waited for.
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
