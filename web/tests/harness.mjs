// Starts what the tests of the page look at, and a browser to look with.
import { spawn, spawnSync } from "node:child_process";
import { accessSync, constants, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";

export const root = new URL("../..", import.meta.url).pathname;
export const shots = new URL("../shots/", import.meta.url).pathname;
mkdirSync(shots, { recursive: true });

/** scratch is a directory that goes with the process. */
export const scratch = mkdtempSync(join(tmpdir(), "ewoks-hpc-page-"));
process.on("exit", () => rmSync(scratch, { recursive: true, force: true }));

const browsers = ["chromium", "chromium-browser", "google-chrome"];

/** browser launches the machine's Chromium, or the one that CHROMIUM names. */
export async function browser() {
  const path = process.env.CHROMIUM ?? found(browsers);
  if (!path) throw new Error("no Chromium: install it (apt-get install chromium), or name it with CHROMIUM=PATH");
  return chromium.launch({ executablePath: path, args: ["--no-sandbox"] });
}

function found(names) {
  for (const dir of process.env.PATH.split(delimiter)) {
    for (const name of names) {
      try {
        accessSync(join(dir, name), constants.X_OK);
        return join(dir, name);
      } catch {
        // not there
      }
    }
  }
  return undefined;
}

let binary = process.env.EWOKSHPC_PAGE_BINARY;

/** buildLoad compiles the server of generated data, which is a test of the package dashboard. */
function buildLoad() {
  if (binary) return binary;
  binary = join(scratch, "dashboard.test");
  const built = spawnSync("go", ["test", "-c", "-o", binary, "./dashboard"], { cwd: root, encoding: "utf8" });
  if (built.status !== 0) throw new Error(built.stderr);
  return binary;
}

/** serveLoad serves generated data: Workers, Tasks that have ended already, Rate in tasks a second, Nodes, Evil. */
export async function serveLoad(what) {
  const child = spawn(buildLoad(), ["-test.run", "^TestServeLoad$", "-test.timeout", "1h"], {
    env: { ...process.env, EWOKS_HPC_PAGE_LOAD: JSON.stringify(what) },
    stdio: ["pipe", "pipe", "inherit"],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const [link, readOnly] = (await lines.next()).value.split(" ");
  return {
    link, readOnly, pid: child.pid,
    /** usage is the CPU time in seconds, how often an overview was made, and the tasks that ended. */
    usage: async () => {
      child.stdin.write("\n");
      const [cpu, looks, ended] = (await lines.next()).value.split(" ").map(Number);
      return { cpu, looks, ended };
    },
    stop: () => new Promise((done) => {
      child.once("exit", done);
      child.stdin.end();
    }),
  };
}

/** open opens a link in a window of its own and gathers what the browser complains of. */
export async function open(chrome, link, options = {}) {
  const context = await chrome.newContext({ viewport: { width: 1440, height: 900 }, reducedMotion: "reduce", ...options });
  const page = await context.newPage();
  const complaints = [];
  page.on("console", (m) => ["error", "warning"].includes(m.type()) && complaints.push(m.text()));
  page.on("pageerror", (e) => complaints.push(String(e)));
  await page.goto(link);
  return { page, context, complaints };
}
