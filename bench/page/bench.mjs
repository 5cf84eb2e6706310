// What the page costs, with generated data (500 workers, 1,000 tasks a second, 10,000 tasks
// that have ended): CPU of the launcher's side with 0, 1 and 20 watchers, bytes to a watcher,
// the time to the first paint, and the longest frame of a scripted use. Prints a table.
// make bench-page, or: node bench/page/bench.mjs [SECONDS]
import { get } from "node:http";
import { browser, open, serveLoad } from "../../web/tests/harness.mjs";

const seconds = Number(process.argv[2] ?? 10);
const what = { Workers: 500, Tasks: 10_000, Rate: 1000 };
const topics = "overview,activity,tasks";
const pause = (s) => new Promise((done) => setTimeout(done, s * 1000));
const row = (name, value) => console.log(name.padEnd(52), value);

/** watcher reads a stream as a page would, and counts its bytes. */
function watcher(link) {
  const url = new URL(link);
  const counted = { bytes: 0 };
  const request = get({ host: url.hostname, port: url.port, path: "/api/events?topics=" + topics, headers: { Authorization: "Bearer " + url.searchParams.get("token") } }, (reply) => {
    reply.on("data", (d) => (counted.bytes += d.length));
    reply.on("error", () => {});
  });
  request.on("error", () => {});
  return { counted, stop: () => request.destroy() };
}

async function serverCost() {
  for (const n of [0, 1, 20]) {
    const server = await serveLoad(what);
    const watchers = Array.from({ length: n }, () => watcher(server.link));
    await pause(2); // snapshots
    const before = await server.usage(), bytes = watchers[0]?.counted.bytes;
    await pause(seconds);
    const cpu = ((await server.usage()).cpu - before.cpu) / seconds;
    row(`CPU with ${n} watchers`, `${(100 * cpu).toFixed(1)} % of a core`);
    if (n === 1) row("bytes to a watcher of overview, activity and tasks", `${((watchers[0].counted.bytes - bytes) / seconds / 1000).toFixed(0)} kB/s`);
    watchers.forEach((w) => w.stop());
    await server.stop();
  }
}

/** painted is when a page that is loaded anew has painted, and when it shows data, in ms. */
async function painted(page, selector) {
  await page.reload({ waitUntil: "commit" });
  await page.waitForSelector(selector);
  return page.evaluate((selector) => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done({
    first: performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? NaN,
    data: document.querySelector(selector) ? performance.now() : NaN,
  })))), selector);
}

async function pageCost() {
  const server = await serveLoad(what);
  const chrome = await browser();
  const { page } = await open(chrome, server.link);
  const origin = new URL(server.link).origin;
  for (const [view, selector] of [["overview", ".tile"], ["tasks", ".plot canvas"], ["workers", ".rows .row"]]) {
    await page.goto(origin + "/#/" + view);
    const times = [];
    for (let i = 0; i < 5; i++) times.push(await painted(page, selector));
    const middle = (key) => times.map((t) => t[key]).sort((a, b) => a - b)[2].toFixed(0);
    row(`${view}: first paint, data shown (median of 5)`, `${middle("first")} ms, ${middle("data")} ms`);
  }
  await page.evaluate(() => {
    window.frames_ = { longest: 0, over: 0, count: 0 };
    let last = performance.now();
    const frame = (now) => {
      const took = now - last;
      last = now;
      frames_.count++;
      frames_.longest = Math.max(frames_.longest, took);
      if (took > 50) frames_.over++;
      requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  });
  await chrome.startTracing(page, { categories: ["toplevel", "disabled-by-default-devtools.timeline", "devtools.timeline"] });
  for (const end = Date.now() + 2 * seconds * 1000; Date.now() < end; ) await use(page, origin);
  const f = await page.evaluate(() => frames_);
  row(`frames in ${2 * seconds} s of use: number, longest, over 50 ms`, `${f.count}, ${f.longest.toFixed(0)} ms, ${f.over}`);
  const used = cpuOfTasks(JSON.parse((await chrome.stopTracing()).toString()).traceEvents);
  row("main thread: longest turn, turns over 50 ms (CPU time)", `${used[0].toFixed(0)} ms, ${used.filter((ms) => ms > 50).length} of ${used.length}`);
  await chrome.close();
  await server.stop();
}

/**
 * cpuOfTasks is the CPU time of each turn of the page's main thread, in ms, the longest first. Unlike the
 * time between frames it does not depend on what else the machine does.
 */
function cpuOfTasks(events) {
  const main = new Set(events.filter((e) => e.name === "thread_name" && e.args.name === "CrRendererMain").map((e) => `${e.pid}/${e.tid}`));
  return events.filter((e) => e.name === "RunTask" && e.tdur !== undefined && main.has(`${e.pid}/${e.tid}`)).map((e) => e.tdur / 1000).sort((a, b) => b - a);
}

/** use is what somebody does: look at all views, scroll, filter, point at tasks. */
async function use(page, origin) {
  for (const view of ["overview", "workers", "tasks", "runs/run-0019", "campaigns/night-42", "jobs"]) {
    await page.evaluate((v) => (location.hash = "#/" + v), view);
    await page.waitForTimeout(400);
    for (let i = 0; i < 6; i++) {
      await page.mouse.move(500 + 120 * i, 400 + 20 * i);
      await page.mouse.wheel(0, view === "tasks" ? 60 : 700);
      await page.waitForTimeout(80);
    }
    const filter = page.locator(".filter").first();
    if (view === "workers" && (await filter.count())) {
      await page.evaluate(() => window.scrollTo(0, 0));
      await filter.fill("node04");
      await page.waitForTimeout(200);
      await filter.fill("");
    }
  }
}

await serverCost();
await pageCost();
