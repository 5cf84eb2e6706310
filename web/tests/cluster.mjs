// A local cluster with runs that go on, succeed and fail, and a campaign.
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root, scratch } from "./harness.mjs";

const python = process.env.EWOKSHPC_PYTHON ?? join(root, ".venv/bin/python");
const state = join(scratch, "state");
const work = join(scratch, "work");

/** evil is markup that would show if it were taken for markup. */
export const evil = `<img src=x onerror="window.evil=1"><b>bold</b>`;

const tasks = `
import time

def work(seconds=0.2, fail=False, x=0):
    print("working on", x, ${JSON.stringify(evil)})
    time.sleep(seconds)
    if fail:
        raise ValueError("no peaks in " + ${JSON.stringify(evil)})
    return x
`;

const node = (id, inputs = {}, label = id) => ({
  id, label, task_type: "method", task_identifier: "pagetasks.work",
  default_inputs: Object.entries(inputs).map(([name, value]) => ({ name, value })),
});
const link = (source, target, more = {}) => ({ source, target, data_mapping: [{ source_output: "return_value", target_input: "x" }], ...more });

const workflows = {
  good: { graph: { id: "good", label: "good " + evil }, nodes: [node("a"), node("b", {}, "b " + evil), node("c"), node("d", { x: 1 })], links: [link("a", "b"), link("a", "c"), link("b", "d"), link("c", "d", { data_mapping: [], required: true })] },
  bad: { graph: { id: "bad", label: "bad run" }, nodes: [node("a"), node("breaks", { fail: true }), node("never")], links: [link("a", "breaks"), link("breaks", "never")] },
  long: { graph: { id: "long", label: "long run" }, nodes: [node("a"), node("sleeps", { seconds: 600 }), node("after")], links: [link("a", "sleeps"), link("sleeps", "after")] },
  row: { graph: { id: "row", label: "row" }, nodes: [node("load", { seconds: 0.3 }), node("fit", { seconds: 0.3 })], links: [link("load", "fit")] },
};

/** startCluster builds nothing: bin/ewoks-hpc has to be there (make build). */
export async function startCluster() {
  const binary = process.env.EWOKSHPC_BINARY ?? join(root, "bin/ewoks-hpc");
  mkdirSync(work, { recursive: true });
  writeFileSync(join(work, "pagetasks.py"), tasks);
  for (const [name, graph] of Object.entries(workflows)) writeFileSync(join(work, name + ".json"), JSON.stringify(graph));
  writeFileSync(join(work, "rows.csv"), "fit:x,fit:fail\n" + Array.from({ length: 40 }, (_, i) => `${i},${i % 8 === 3}\n`).join(""));
  const where = ["--state-dir", state, "--cluster", "page"];
  const call = (...args) => spawnSync(binary, [...args, ...where], { cwd: work, encoding: "utf8" });
  const start = () => {
    const up = call("up", "--detach", "--local", "--n-workers", "2", "--python", python);
    const link = up.stdout.match(/http:\/\/\S+token=\S+/)?.[0];
    if (!link) throw new Error("the cluster did not come up: " + up.stderr + up.stdout);
    return link;
  };
  const link = start();
  const waiting = new Set();
  return {
    link, call,
    /** run submits a workflow and does not wait for it. */
    run: (name) => {
      const one = spawn(binary, ["run", name + ".json", ...where], { cwd: work, stdio: "ignore" });
      waiting.add(one);
      one.once("exit", () => waiting.delete(one));
    },
    kill: () => process.kill(Number(readFileSync(join(state, "page", "launcher.pid"), "utf8")), "SIGKILL"),
    /** start starts the launcher again and returns its link. */
    start,
    stop: () => {
      for (const one of waiting) one.kill();
      const down = call("down");
      if (down.status !== 0) throw new Error("the cluster does not end: " + down.stderr);
    },
  };
}
