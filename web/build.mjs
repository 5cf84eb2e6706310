// Bundles the page into dashboard/static/dist, from where go build embeds it.
import { build } from "esbuild";
import { cp, rm } from "node:fs/promises";
import { createRequire } from "node:module";

const out = new URL("../dashboard/static/dist/", import.meta.url).pathname;
await rm(out, { recursive: true, force: true });
await build({
  entryPoints: { page: "src/main.tsx", style: "src/style.css" },
  outdir: out,
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  jsx: "automatic",
  jsxImportSource: "preact",
  legalComments: "linked",
  logLevel: "info",
});
await cp("src/index.html", out + "index.html");
// The layout of graphs is a program of its own, in a worker: it takes too long for a frame.
await cp(createRequire(import.meta.url).resolve("elkjs/lib/elk-worker.min.js"), out + "elk-worker.js");
// The page of reports has a build of its own.
await import("./report/build.mjs");
