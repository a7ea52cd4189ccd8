// Takes the pictures of docs/dashboard.md: npm run docs:pictures -- 'http://127.0.0.1:8123/?token=…' [FOLDER [NAMES…]]
// The address is that of a dashboard that runs, as caffe train --dashboard prints it.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { launchChromium } from "../../tests/support/chromium.ts";

const [url, folder = "docs/dashboard", ...names] = process.argv.slice(2);
if (url === undefined) {
  console.error("The address of a running dashboard is missing. Expected the one that it prints.");
  process.exit(1);
}

/** What is done before a picture is taken. */
const STEPS: Readonly<Record<string, string>> = {
  net: ".net-map .box .part",
};

/** Name, view, colours, size. */
const PICTURES = [
  ["curves", "curves", "light", 1280, 900],
  ["curves-dark", "curves", "dark", 1280, 900],
  ["net", "net", "light", 1280, 900],
  ["mistakes", "mistakes", "light", 1280, 820],
  ["weights", "weights", "light", 1280, 900],
  ["batch", "batch", "light", 1280, 780],
  ["log", "log", "light", 1280, 540],
  ["narrow-curves", "curves", "dark", 390, 844],
  ["narrow-net", "net", "dark", 390, 844],
  ["narrow-mistakes", "mistakes", "dark", 390, 844],
] as const;

mkdirSync(folder, { recursive: true });
const browser = await launchChromium();
const context = await browser.newContext();
// A run that trains has little time for its page.
context.setDefaultTimeout(120_000);
const first = await context.newPage();
await first.goto(url);
await first.locator(".nav").waitFor();
await first.close();
for (const [name, view, colorScheme, width, height] of PICTURES) {
  if (names.length > 0 && !names.includes(name)) continue;
  const page = await context.newPage();
  await page.emulateMedia({ colorScheme });
  await page.setViewportSize({ width, height });
  await page.goto(new URL("/", url).href);
  await page.locator(`.nav a[href$="/${view}"]`).click();
  await page.locator("main .card, main .tiles").first().waitFor();
  // Views ask the run, which answers between two iterations; a test may lie between them.
  await page.waitForTimeout(name === "mistakes" ? 15_000 : 4000);
  const step = STEPS[name];
  if (step !== undefined)
    await page
      .locator(step)
      .nth(name === "net" ? 1 : 0)
      .click();
  await page.waitForTimeout(800);
  const png = await page.screenshot();
  await sharp(png)
    .webp({ quality: 82, effort: 6 })
    .toFile(join(folder, `${name}.webp`));
  await page.close();
}
await browser.close();
