// The page beside a run that trains: every view shows it, and each button does in the run what it says.
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { RunEvent } from "../../src/run-record/events.ts";
import { hasChromium, launchChromium, PATIENCE } from "../../tests/support/chromium.ts";
import { startCaffe } from "../../tests/support/cli.ts";
import { temporaryFolder } from "../../tests/support/temporary-folder.ts";
import { buildPage } from "../scripts/build-page.ts";
import { EVIL } from "./made-up-run.ts";

const NAME = EVIL.replaceAll('"', '\\"');
/** A classifier of noise with a test, whose layer's name would do harm on a careless page. */
const NET = `name: "${NAME}"
  layer { name: "data" type: "DummyData" top: "data" top: "label" dummy_data_param {
    shape { dim: 8 dim: 3 dim: 12 dim: 12 } shape { dim: 8 }
    data_filler { type: "uniform" min: 0 max: 255 } data_filler { type: "constant" value: 1 } } }
  layer { name: "${NAME}" type: "Convolution" bottom: "data" top: "conv"
    convolution_param { num_output: 6 kernel_size: 3 weight_filler { type: "xavier" } } }
  layer { name: "relu" type: "ReLU" bottom: "conv" top: "conv" }
  layer { name: "ip" type: "InnerProduct" bottom: "conv" top: "ip"
    inner_product_param { num_output: 3 weight_filler { type: "gaussian" std: 0.0001 } } }
  layer { name: "accuracy" type: "Accuracy" bottom: "ip" bottom: "label" top: "accuracy" include { phase: TEST } }
  layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss" }`;
const SOLVER = `net: "net.prototxt" base_lr: 0.00001 lr_policy: "step" gamma: 0.5 stepsize: 100000 momentum: 0.9
  max_iter: 100000000 display: 50 test_iter: 2 test_interval: 200 snapshot_prefix: "s"`;

describe.skipIf(!hasChromium)("the dashboard beside a live run", () => {
  let browser: Browser;
  const folder = temporaryFolder();

  beforeAll(async () => {
    await buildPage();
    browser = await launchChromium();
    writeFileSync(join(folder, "net.prototxt"), NET);
    writeFileSync(join(folder, "solver.prototxt"), SOLVER);
  }, PATIENCE);

  afterAll(() => browser?.close(), PATIENCE);

  test(
    "goes through every view, and presses each button",
    async () => {
      const { said, ended, child } = startCaffe(
        ["train", "--solver=solver.prototxt", "--run=live", "--dashboard=0"],
        folder,
      );
      try {
        const url = await said(/http:\/\/127\.0\.0\.1:\d+\/\?token=[\w-]+/);
        const { origin } = new URL(url);
        for (const path of ["/", "/app.js", "/api/runs"]) {
          const refused = await fetch(origin + path);
          expect([refused.status, await refused.text()]).toEqual([401, ""]);
        }

        const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
        page.setDefaultTimeout(PATIENCE);
        const [asked, problems]: [string[], string[]] = [[], []];
        page.on("request", (request) => asked.push(request.url()));
        page.on("pageerror", (error) => problems.push(error.message));
        await page.goto(url);
        await page.locator(".chart canvas").first().waitFor();
        expect(page.url()).not.toContain("token");
        await page.getByText("Learning rate").first().waitFor();

        const show = (view: string): Promise<void> =>
          page.locator(`.nav a[href$="/${view}"]`).click();
        await show("net");
        await page.locator(".net-map .box", { hasText: "relu" }).waitFor();
        await page.locator(".table td", { hasText: "onerror" }).first().waitFor();
        await show("weights");
        await page.locator(".weight img").first().waitFor();
        await page.getByRole("button", { name: "Gradients" }).click();
        await page.locator(".ridges path").first().waitFor();
        await show("batch");
        await page.locator(".record img").first().waitFor();
        await show("mistakes");
        await page.locator(".confusion").waitFor();
        await show("log");
        await page.locator(".log p", { hasText: "Iteration" }).first().waitFor();
        await show("files");
        await page.locator("pre.code", { hasText: "stepsize" }).waitFor();
        expect(await page.locator("img[src=x]").count()).toBe(0);

        const states = (): string[] =>
          readdirSync(folder).filter((name) => name.endsWith(".solverstate"));
        expect(states()).toEqual([]);
        await page.getByRole("button", { name: "Snapshot" }).click();
        await page.locator(".snapshots li").first().waitFor();
        expect(states()).toHaveLength(1);

        await page.getByRole("button", { name: "Rate" }).click();
        await page.locator("input[name=factor]").fill("0.5");
        await page.getByRole("button", { name: "Change" }).click();
        await page.locator(".actions > button .num", { hasText: "×0.5" }).waitFor();
        const rates = (): number[] =>
          events().flatMap((event) => (event.type === "rate" ? [Number(event.rate)] : []));
        await expect.poll(rates, { timeout: PATIENCE }).toHaveLength(1);
        expect(rates()[0]).toBeCloseTo(0.000005, 9);

        await page.getByRole("button", { name: "Stop" }).click();
        await page.getByRole("button", { name: "Stop training" }).click();
        expect((await ended).status).toBe(0);
        expect(events().at(-1)).toMatchObject({ type: "stop", reason: "asked" });
        await page.getByText("The connection is lost").waitFor();

        const foreign = asked.filter((one) => !one.startsWith(origin) && !one.startsWith("data:"));
        expect(foreign).toEqual([]);
        expect(problems).toEqual([]);
        await page.close();
      } finally {
        child.kill();
      }
    },
    PATIENCE,
  );

  /** What the run has told so far. */
  function events(): RunEvent[] {
    const runs = join(folder, "runs");
    const [name] = existsSync(runs) ? readdirSync(runs) : [];
    if (name === undefined) return [];
    const lines = readFileSync(join(runs, name, "events.jsonl"), "utf8").split("\n");
    return lines.slice(0, -1).map((line) => JSON.parse(line) as RunEvent);
  }
});
