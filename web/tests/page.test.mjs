// The page with generated data: pictures of every view, keys, links, and what it costs when nobody looks.
import { strict as assert } from "node:assert";
import { after, before, test } from "node:test";
import { browser, open, serveLoad, shots } from "./harness.mjs";

let chrome;
before(async () => (chrome = await browser()));
after(() => chrome?.close());

const evil = `<img src=x onerror="window.evil=1">`;
const scenes = {
  nothing: { Workers: 0, Tasks: 0, Rate: 0 },
  little: { Workers: 3, Tasks: 40, Rate: 1 },
  much: { Workers: 500, Tasks: 10_000, Rate: 1000 },
};
const views = ["overview", "tasks", "runs", "runs/run-0019", "campaigns", "campaigns/night-42", "campaigns/night-42/300", "workers", "jobs", "logs/launcher"];

/** drawn waits until a view shows what it has. */
async function drawn(page) {
  await page.waitForFunction(() => !document.querySelector("[aria-busy=true]") && document.querySelector(".verdict:not(.quiet), .verdict code"), undefined, { timeout: 60_000 });
}

for (const [scene, what] of Object.entries(scenes)) {
  test(`pictures with ${scene}`, { timeout: 360_000 }, async () => {
    const server = await serveLoad(what);
    try {
      for (const [width, height] of [[1440, 900], [1024, 768], [390, 844]]) {
        for (const colorScheme of ["light", "dark"]) {
          const { page, context, complaints } = await open(chrome, server.link, { viewport: { width, height }, colorScheme });
          for (const view of views.filter((v) => scene !== "nothing" || !v.includes("-"))) {
            await page.goto(new URL(server.link).origin + "/#/" + view);
            await drawn(page);
            await page.evaluate(() => new Promise((done) => setTimeout(() => requestAnimationFrame(done), 300)));
            await page.screenshot({ path: `${shots}${scene}-${view.replaceAll("/", "-")}-${width}-${colorScheme}.png` });
            const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
            assert.ok(wide <= 0, `${view} is ${wide} pixels too wide at ${width}`);
          }
          assert.deepEqual(complaints, [], `${width} ${colorScheme}`);
          await context.close();
        }
      }
    } finally {
      await server.stop();
    }
  });
}

test("with generated data", async (t) => {
  const server = await serveLoad({ ...scenes.much, Workers: 100, Rate: 200, Evil: evil });
  const origin = new URL(server.link).origin;
  try {
    await t.test("markup stays text in every view", async () => {
      const { page, context, complaints } = await open(chrome, server.link);
      for (const view of [...views, "logs/run/run-0019"]) {
        await page.goto(origin + "/#/" + view);
        await drawn(page);
        if (!["tasks", "campaigns"].includes(view)) await page.waitForFunction((e) => document.body.innerText.includes(e.slice(0, 10)) || !!document.querySelector("[title*='<img']"), evil);
      }
      await page.goto(origin + "/#/logs/run/" + encodeURIComponent(evil));
      await page.goto(origin + "/#/runs/" + encodeURIComponent(evil));
      await page.getByText("not found").waitFor();
      assert.equal(await page.evaluate(() => window.evil), undefined);
      assert.equal(await page.locator("img").count(), 0);
      assert.deepEqual(complaints.filter((c) => !c.includes("404")), []);
      await context.close();
    });

    await t.test("keys", async () => {
      const { page, context } = await open(chrome, server.link);
      await drawn(page);
      for (const [key, title] of [["5", "Workers"], ["6", "Jobs"], ["3", "Runs"]]) {
        await page.keyboard.press(key);
        await page.getByRole("heading", { name: title, exact: true }).waitFor();
      }
      await page.keyboard.press("/");
      await page.keyboard.type("scan 19");
      await page.getByText("1 of 20 runs").waitFor();
      await page.keyboard.press("Escape");
      await page.keyboard.press("?");
      await page.getByRole("dialog", { name: "keys" }).waitFor();
      await page.keyboard.press("Escape");
      await page.keyboard.press("t");
      await page.keyboard.press("t");
      assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), "dark");
      await page.reload();
      assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), "dark");
      await page.keyboard.press("Tab");
      assert.equal(await page.evaluate(() => document.activeElement.className), "skip");
      await context.close();
    });

    await t.test("a read-only link shows and offers no orders", async () => {
      const { page, context } = await open(chrome, server.readOnly);
      await page.getByText("read-only", { exact: true }).waitFor();
      await page.goto(origin + "/#/runs/run-0019");
      await page.locator("svg .box").first().waitFor();
      assert.equal(await page.getByRole("button", { name: /cancel|pause|share/i }).count(), 0);
      await context.close();
    });

    await t.test("the link to share is the read-only one", async () => {
      const { page, context } = await open(chrome, server.link);
      await page.getByRole("button", { name: "Share" }).click();
      assert.equal(await page.getByLabel("read-only link").inputValue(), server.readOnly);
      await context.close();
    });

    await t.test("an order that is refused says why", async () => {
      const { page, context } = await open(chrome, server.link);
      await page.goto(origin + "/#/runs/run-0019");
      await page.getByRole("button", { name: "Pause" }).click();
      await page.getByRole("button", { name: "done" }).waitFor();
      const refused = await page.evaluate(() => fetch("/api/orders", { method: "POST", headers: { "Content-Type": "application/json" }, body: "{}" }).then((r) => r.status));
      assert.equal(refused, 403);
      await context.close();
    });

    await t.test("without scripts the plain page comes", async () => {
      const { page, context } = await open(chrome, server.link, { javaScriptEnabled: false });
      await page.getByRole("heading", { name: "beamline" }).waitFor();
      assert.equal(new URL(page.url()).pathname, "/plain");
      await context.close();
    });

    await t.test("a page that nobody sees costs nothing", async () => {
      const { page, context } = await open(chrome, server.link);
      await drawn(page);
      const show = (hidden) => page.evaluate((hidden) => {
        Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
        document.dispatchEvent(new Event("visibilitychange"));
      }, hidden);
      await show(true);
      await page.waitForTimeout(1500);
      const before = await server.usage();
      await page.waitForTimeout(2000);
      assert.equal((await server.usage()).looks, before.looks);
      await show(false);
      const text = () => page.locator(".tile").nth(1).innerText();
      const old = await text();
      await page.waitForFunction((old) => document.querySelectorAll(".tile")[1].innerText !== old, old, { timeout: 10_000 });
      await context.close();
    });

    await t.test("nothing moves when news come", async () => {
      const { page, context } = await open(chrome, server.link);
      await drawn(page);
      await page.evaluate(() => {
        window.shift = 0;
        new PerformanceObserver((list) => list.getEntries().forEach((e) => (window.shift += e.value))).observe({ type: "layout-shift" });
      });
      await page.waitForTimeout(4000);
      assert.ok((await page.evaluate(() => window.shift)) < 0.01);
      await context.close();
    });
  } finally {
    await server.stop();
  }
});

test("a launcher that is gone is missed", async () => {
  const server = await serveLoad(scenes.little);
  const { page, context } = await open(chrome, server.link);
  await drawn(page);
  await server.stop();
  await page.getByText("The launcher does not answer").waitFor({ timeout: 60_000 });
  await page.screenshot({ path: shots + "gone.png" });
  await context.close();
});
