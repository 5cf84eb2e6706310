// Each view against a live cluster, and its API against the published schema.
import { strict as assert } from "node:assert";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import Ajv from "ajv/dist/2020.js";
import formats from "ajv-formats";
import { evil, startCluster } from "./cluster.mjs";
import { browser, open, root, shots } from "./harness.mjs";

let cluster, chrome, page, complaints, origin;

before(async () => {
  cluster = await startCluster();
  chrome = await browser();
  ({ page, complaints } = await open(chrome, cluster.link));
  origin = new URL(cluster.link).origin;
}, { timeout: 120_000 });

after(async () => {
  await chrome?.close();
  await cluster?.stop();
});

const go = (hash) => page.goto(origin + "/#/" + hash);
/** see waits for a text; if it does not come it tells what is there instead. */
async function see(text, options) {
  try {
    await page.getByText(text, options).first().waitFor({ timeout: 60_000 });
  } catch (e) {
    throw new Error(`no "${text}" on ${page.url()}, but: ${await page.locator("body").innerText()}\n${complaints.join("\n")}`, { cause: e });
  }
}
const shot = (name) => page.screenshot({ path: `${shots}live-${name}.png`, fullPage: true });

test("a fresh cluster says what to do", async () => {
  await see("Nothing to do: no run goes on.");
  await see("ewoks-hpc run WORKFLOW --cluster page");
  await shot("fresh");
});

test("runs appear by themselves", async () => {
  for (const name of ["good", "bad", "long"]) cluster.run(name);
  for (const label of ["good " + evil, "bad run", "long run"]) await page.getByRole("link", { name: label, exact: true }).first().waitFor({ timeout: 60_000 });
  await see("failed in the last minute");
  await page.getByText("no peaks in", { exact: false }).first().waitFor();
  await shot("overview");
});

test("the run page shows graph, states and attempts", async () => {
  await page.getByRole("link", { name: "good " + evil, exact: true }).first().click();
  await page.getByRole("heading", { name: "good " + evil }).waitFor();
  await page.locator("svg .box").first().waitFor({ timeout: 60_000 });
  assert.equal(await page.locator("svg .box").count(), 4);
  assert.equal(await page.locator("svg .edge").count(), 4);
  await page.waitForFunction(() => document.querySelectorAll("svg .box.succeeded").length === 4, undefined, { timeout: 60_000 });
  await see("half took at most");
  assert.equal(await page.getByRole("table", { name: "Attempts" }).getByRole("row").count(), 5);
  await page.locator("svg .box").first().click();
  await see("What it printed");
  await shot("run");
});

test("a run that failed says why", async () => {
  await go("runs");
  await page.getByRole("link", { name: "bad run" }).click();
  await page.locator("svg .box.failed").waitFor({ timeout: 60_000 });
  assert.match(await page.locator(".trouble").innerText(), /no peaks in <img src=x/);
  await shot("run-failed");
});

test("logs follow", async () => {
  await page.getByRole("link", { name: "Log", exact: true }).click();
  await page.locator("pre.log").filter({ hasText: "working on" }).waitFor({ timeout: 60_000 });
  assert.ok((await page.locator("pre.log").innerText()).includes(evil));
  await go("logs/launcher");
  const text = page.locator("pre.log");
  await text.filter({ hasText: "page" }).waitFor({ timeout: 60_000 });
  await shot("log");
});

test("a run is cancelled on the page", async () => {
  await go("runs");
  await page.getByRole("link", { name: "long run" }).click();
  await page.locator("svg .box.running").waitFor({ timeout: 60_000 });
  await page.getByRole("button", { name: "Cancel the run" }).first().click();
  await shot("cancel");
  await page.getByRole("dialog").getByRole("button", { name: "Cancel the run" }).click();
  await page.getByRole("button", { name: "Cancel the run" }).first().waitFor({ state: "detached", timeout: 60_000 });
});

test("a campaign is paused, resumed and tried again", async () => {
  const submitted = cluster.call("campaign", "submit", "row.json", "--table", "rows.csv", "--name", "night");
  assert.equal(submitted.status, 0, submitted.stderr);
  await go("campaigns/night");
  await page.getByRole("heading", { name: "night" }).waitFor({ timeout: 60_000 });
  const phase = page.locator(".page-head .state");
  await page.getByRole("button", { name: "Pause" }).click();
  await phase.filter({ hasText: "paused" }).waitFor({ timeout: 60_000 });
  await shot("campaign-paused");
  await page.getByRole("button", { name: "Resume" }).click();
  await phase.filter({ hasText: /active|filling/ }).waitFor({ timeout: 60_000 });
  await phase.filter({ hasText: "ended" }).waitFor({ timeout: 60_000 });
  assert.match(await page.locator(".reasons li").first().innerText(), /^5\s.*ValueError/s);
  await shot("campaign");
  await page.locator(".reasons a.example").first().click();
  await page.getByRole("heading", { name: "Row 3", exact: true }).waitFor();
  await see("Execution failed for ewoks task 'fit'");
  assert.match(await page.locator(".trouble").innerText(), /no peaks in <img src=x/);
  assert.match(await page.locator(".values").first().innerText(), /fit:x\s+3/);
  await page.getByText("Traceback", { exact: true }).click();
  await see("raise ValueError");
  assert.ok((await page.locator("pre.log").allInnerTexts()).join().includes("working on"));
  assert.deepEqual(await page.locator(".steps .step-name").allInnerTexts(), ["load", "fit"]);
  await shot("row");
  await page.getByRole("link", { name: "Row 4 ›" }).click();
  await page.getByRole("heading", { name: "Row 4", exact: true }).waitFor();
  assert.equal(await page.locator(".trouble").count(), 0);
  await page.getByRole("link", { name: "night", exact: true }).click();
  await page.getByRole("button", { name: "Retry failed rows" }).first().click();
  await page.getByRole("dialog").getByRole("button", { name: "Retry failed rows" }).click();
  await see("5 rows again");
});

test("the task stream shows what ended, and where", async () => {
  await go("tasks");
  await page.locator(".plot canvas").waitFor();
  await page.getByRole("button", { name: "5 min" }).click();
  const filled = () => page.evaluate(() => {
    const canvas = document.querySelector(".plot canvas");
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    let green = 0;
    for (let i = 0; i < data.length; i += 4) if (data[i] < 60 && data[i + 1] > 130 && data[i + 2] > 90 && data[i + 3] === 255) green++;
    return green;
  });
  await page.waitForTimeout(500);
  assert.ok((await filled()) > 200, "no tasks in the picture");
  await shot("tasks");
});

test("workers and jobs", async () => {
  await go("workers");
  await page.getByRole("table", { name: "Workers" }).getByRole("row").nth(2).waitFor();
  assert.equal(await page.getByRole("table", { name: "Workers" }).getByRole("row").count(), 3);
  await shot("workers");
  await go("jobs");
  await page.getByRole("table", { name: "Jobs" }).getByRole("row").nth(2).waitFor();
  await shot("jobs");
  await page.getByRole("table", { name: "Jobs" }).getByRole("link").first().click();
  await page.getByRole("heading", { name: /Log of job/ }).waitFor();
  await page.locator("pre.log, .empty").first().waitFor();
});

test("what tasks wrote was never markup, and the browser had nothing to complain of", async () => {
  assert.equal(await page.evaluate(() => window.evil), undefined);
  assert.equal(await page.locator("#page img, #page b b").count(), 0);
  assert.deepEqual(complaints, []);
});

test("answers are what the schema says", async () => {
  const ajv = new Ajv({ allErrors: true });
  formats(ajv);
  ajv.addSchema(JSON.parse(readFileSync(join(root, "dashboard/schema/api.schema.json"), "utf8")), "api");
  const get = (path) => page.evaluate((p) => fetch(p).then((r) => r.json()), path);
  const overview = await get("/api/overview");
  const run = overview.runs[0].run;
  for (const [path, name] of Object.entries({
    "/api/overview": "answer", ["/api/runs/" + run]: "runAnswer", "/api/campaigns/night": "CampaignDetail", "/api/campaigns/night/rows/3": "RowDetail", "/api/campaigns/night/rows/4": "RowDetail", "/api/campaigns/night/rows/4000": "failure", "/api/activity": "pulse", "/api/attempts?most=50": "attemptsAnswer",
    "/api/log?kind=launcher": "LogPart", "/api/session": "sessionAnswer", "/api/runs/nobody": "failure", "/api/log?kind=x": "failure",
  })) {
    const answer = await get(path);
    const valid = ajv.validate({ $ref: "api#/$defs/" + name }, answer);
    assert.ok(valid, `${path}: ${JSON.stringify(ajv.errors)}`);
  }
  const snapshots = await page.evaluate((run) => new Promise((done) => {
    const got = {};
    const source = new EventSource(`/api/events?topics=overview,activity,tasks,run:${run}`);
    source.addEventListener("snapshot", (e) => {
      const { topic, data } = JSON.parse(e.data);
      got[topic.split(":")[0]] = data;
      if (Object.keys(got).length === 4) done(got), source.close();
    });
  }), run);
  for (const [topic, name] of Object.entries({ overview: "board", activity: "pulse", tasks: "tasks", run: "runBoard" })) {
    assert.ok(ajv.validate({ $ref: "api#/$defs/" + name }, snapshots[topic]), `${topic}: ${JSON.stringify(ajv.errors)}`);
  }
});

test("a launcher that was killed and started again asks for its new link", async () => {
  await go("overview");
  await page.locator(".tile").first().waitFor();
  cluster.kill();
  await see("The launcher does not answer");
  const link = cluster.start();
  assert.equal(new URL(link).origin, origin);
  await see("This page needs its link");
  assert.notEqual(link, cluster.link);
  await page.goto(link);
  await page.getByRole("link", { name: "night", exact: true }).waitFor({ timeout: 60_000 });
});
