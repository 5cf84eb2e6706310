// Builds the page of reports into report/static/dist, from where the binary
// embeds it. Run alone, or imported by the build of the status page.
import { build } from "esbuild";
import { fileURLToPath } from "node:url";

const here = new URL(".", import.meta.url);

await build({
  entryPoints: [fileURLToPath(new URL("report.ts", here)), fileURLToPath(new URL("report.css", here))],
  outdir: fileURLToPath(new URL("../../report/static/dist", here)),
  bundle: true,
  minify: true,
  format: "iife",
  target: ["es2020", "chrome100", "firefox100", "safari15"],
  legalComments: "none",
  banner: { js: "/* With Apache ECharts (Copyright The Apache Software Foundation, Apache License 2.0) and zrender (BSD 3-Clause). */" },
  logLevel: "warning",
});
