// The server's page as a person has it, in Chromium: a picture is chosen or dropped, and what the net says is read.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { hasChromium, launchChromium, PATIENCE, readability } from "../support/chromium.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { modelFiles, served } from "./served.ts";

const EVIL = `<img src=x onerror="document.title='run'"><b>rose</b>`;
const FLOWERS = `
  name: "flowers"
  layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 3 dim: 8 dim: 8 } } }
  layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip" inner_product_param { num_output: 2 weight_filler { type: "constant" } bias_filler { type: "constant" } } }
  layer { name: "prob" type: "Softmax" bottom: "ip" top: "prob" }`;

/** Drops a picture on the page. */
const dropping = (picture: Buffer): string => `{
  const bytes = Uint8Array.from(atob("${picture.toString("base64")}"), (c) => c.charCodeAt(0));
  const dataTransfer = new DataTransfer();
  dataTransfer.items.add(new File([bytes], "red.png", { type: "image/png" }));
  const how = { bubbles: true, cancelable: true, dataTransfer };
  document.getElementById("drop").dispatchEvent(new DragEvent("drop", how));
}`;

describe.skipIf(!hasChromium)("the page in Chromium", () => {
  let browser: Browser;
  let serving: Awaited<ReturnType<typeof served>>;
  const folder = temporaryFolder();
  const at = (name: string): string => join(folder, name);

  beforeAll(async () => {
    writeFileSync(at("labels.txt"), `${EVIL}\ntulip\n`);
    writeFileSync(at("none.txt"), "no picture");
    const red = { width: 40, height: 30, channels: 3, background: "#c33" } as const;
    await sharp({ create: red }).png().toFile(at("red.png"));
    const { model, weights } = modelFiles(FLOWERS);
    const plan = () => ({ model, weights: [weights], maxBatch: 8, labels: at("labels.txt") });
    serving = await served({ model, weights }, { models: [{ plan }] });
    browser = await launchChromium();
  }, PATIENCE);

  afterAll(async () => {
    await browser?.close();
    await serving?.close();
  }, PATIENCE);

  /** The page, with all that it asks for and all that goes wrong in it. */
  async function opened(options: BrowserContextOptions = {}) {
    const page = await browser.newPage(options);
    page.setDefaultTimeout(PATIENCE);
    const [asked, problems]: [string[], string[]] = [[], []];
    page.on("request", (request) => asked.push(request.url()));
    page.on("pageerror", (error) => problems.push(error.message));
    await page.goto(serving.url, { waitUntil: "load" });
    return { page, asked, problems };
  }

  const answer = (page: Page) => page.locator("#answer .row:has(b:not(:empty))");

  test(
    "a picture that is chosen is answered in text, and nobody else is asked",
    async () => {
      const { page, asked, problems } = await opened();
      await page.locator("#file").setInputFiles(at("red.png"));
      await answer(page).first().waitFor();
      const rows = await answer(page).allTextContents();
      // Which of equal scores is first, Caffe leaves open.
      expect(rows.sort()).toEqual([`0.5000${EVIL}`, "0.5000tulip"]);
      expect(await page.locator("#answer img, #answer span b").count()).toBe(0);
      expect(await page.title()).toBe("caffe serve");
      expect(await page.locator("#answer canvas").getAttribute("width")).toBe("40");
      expect(asked.filter((url) => new URL(url).origin !== serving.url)).toEqual([]);
      expect(asked).toContain(`${serving.url}/v2/models/flowers/classify`);
      expect(problems).toEqual([]);

      // What is no picture is told in red, in place of the guesses; a picture after it is answered again.
      await page.locator("#file").setInputFiles(at("none.txt"));
      const bad = page.locator("#answer .row.bad");
      await bad.waitFor();
      expect(await bad.textContent()).toMatch(/picture|image/);
      expect(await answer(page).count()).toBe(0);
      await page.evaluate(dropping(readFileSync(at("red.png"))));
      await answer(page).first().waitFor();
      expect(await bad.count()).toBe(0);
      expect(problems).toEqual([]);
      await page.close();
    },
    PATIENCE,
  );

  test.each([
    { colorScheme: "light", width: 1280 },
    { colorScheme: "dark", width: 390 },
  ] as const)(
    "it can be read: $colorScheme, $width wide",
    async ({ colorScheme, width }) => {
      const { page } = await opened({ colorScheme, viewport: { width, height: 800 } });
      await page.locator("#file").setInputFiles(at("none.txt"));
      await page.locator("#answer .row.bad").waitFor();
      const { places, overflow } = await readability(page);
      expect(overflow).toBeLessThanOrEqual(0);
      expect(places.length).toBeGreaterThan(4);
      expect(places.filter(({ ratio }) => ratio < 4.5)).toEqual([]);
      await page.close();
    },
    PATIENCE,
  );
});
