// The page in Chromium, before a server that stands in for the dashboard's: every view, in light and dark, wide and narrow, by keyboard alone,
// with names that are HTML, and when the connection is lost.
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  hasChromium,
  launchChromium,
  PATIENCE,
  readability,
} from "../../tests/support/chromium.ts";
import { isLong } from "../../tests/support/long.ts";
import { buildPage } from "../scripts/build-page.ts";
import { EVIL } from "./made-up-run.ts";
import { type StandIn, startStandIn } from "./stand-in.ts";

/** Each view, and what is there when it is shown. */
const VIEWS = {
  curves: ".chart canvas",
  net: ".net-map .box",
  weights: ".weight img",
  batch: ".record img",
  mistakes: ".confusion td.right",
  log: ".log p",
  files: "pre.code",
} as const;

describe.skipIf(!hasChromium)("the dashboard's page in Chromium", () => {
  let browser: Browser;
  let server: StandIn;

  beforeAll(async () => {
    await buildPage();
    server = await startStandIn();
    browser = await launchChromium();
  }, PATIENCE);

  afterAll(async () => {
    await browser?.close();
    server?.close();
  }, PATIENCE);

  /** The page, with all that it asks for and all that goes wrong in it. */
  async function opened(at: StandIn, options: BrowserContextOptions = {}) {
    const page = await browser.newPage(options);
    page.setDefaultTimeout(PATIENCE);
    const [asked, problems]: [string[], string[]] = [[], []];
    page.on("request", (request) => asked.push(request.url()));
    page.on("pageerror", (error) => problems.push(error.message));
    page.on("console", (message) => {
      if (message.type() === "error") problems.push(message.text());
    });
    await page.goto(at.url);
    return { page, asked, problems };
  }

  const show = async (page: Page, view: keyof typeof VIEWS): Promise<void> => {
    await page.locator(`.nav a[href$="/${view}"]`).click();
    await page.locator(VIEWS[view]).first().waitFor();
  };
  /** How many pixels of the log lie below what is seen of it: it follows. */
  const below = (page: Page): Promise<number> =>
    page.evaluate<number>(
      "(({ scrollHeight, scrollTop, clientHeight }) => Math.floor(scrollHeight - scrollTop - clientHeight))(document.querySelector('.log'))",
    );
  const views = Object.keys(VIEWS) as (keyof typeof VIEWS)[];

  test(
    "shows every view, asks nobody else, and takes no name for HTML",
    async () => {
      const { page, asked, problems } = await opened(server);
      for (const view of views) {
        await show(page, view);
        const text = await page.locator("body").textContent();
        if (!["curves", "files"].includes(view)) expect(text).toContain("onerror=");
        expect(await page.locator("img[src=x], b:text-is('rose')").count()).toBe(0);
        expect(await page.title()).toBe("lenet-3 – caffe");
      }
      expect(
        asked.filter((url) => !url.startsWith(server.url) && !url.startsWith("data:")),
      ).toEqual([]);
      expect(problems).toEqual([]);

      // What segmenters and detectors mistake.
      await show(page, "mistakes");
      await page.getByRole("button", { name: "Test net 1" }).click();
      await page.locator(".maps img").first().waitFor();
      expect(await page.locator(".class-scores .name", { hasText: "onerror" }).count()).toBe(1);
      await page.getByRole("button", { name: "Test net 2" }).click();
      await page.locator(".boxes rect.dashed").first().waitFor();
      await page.locator(".table td", { hasText: "onerror" }).waitFor();
      expect(await page.locator("img[src=x], b:text-is('rose')").count()).toBe(0);
      expect(problems).toEqual([]);

      // Nor is the name of a run, a file or a class anything but text.
      await page.locator(".runs a", { hasText: "onerror" }).click();
      await page.locator(".top h1", { hasText: EVIL }).waitFor();
      expect(await page.title()).toBe(`${EVIL} – caffe`);
      expect(await page.locator("img[src=x]").count()).toBe(0);
      expect(problems).toEqual([]);
      await page.close();
    },
    PATIENCE,
  );

  const looks = [
    { colorScheme: "dark", width: 390 },
    { colorScheme: "light", width: 1280 },
  ] as const;
  test.each(isLong ? looks : looks.slice(0, 1))(
    "can be read: $colorScheme, $width wide",
    async ({ colorScheme, width }) => {
      const { page } = await opened(server, { colorScheme, viewport: { width, height: 800 } });
      for (const view of views) {
        await show(page, view);
        const { places, overflow } = await readability(page);
        expect(overflow, view).toBeLessThanOrEqual(0);
        const faint = places.filter(({ ratio, text }) => ratio < 4.5 && !/^(All|✕)$/.test(text));
        expect(faint, view).toEqual([]);
        if (view === "log") await expect.poll(() => below(page), { timeout: PATIENCE }).toBe(0);
      }
      await page.close();
    },
    PATIENCE,
  );

  test.skipIf(!isLong)(
    "can be used by the keyboard alone",
    async () => {
      const { page, problems } = await opened(server);
      const key = (name: string): Promise<void> => page.keyboard.press(name);
      await page.locator(VIEWS.curves).first().waitFor();
      for (const [i, view] of views.entries()) {
        await key(String(i + 1));
        await page.locator(VIEWS[view]).first().waitFor();
      }
      // Keys that are known are told, and Escape closes.
      await key("?");
      await page.locator("dialog[open]", { hasText: "Keys" }).waitFor();
      await key("Escape");
      await page.locator("dialog[open]").waitFor({ state: "detached" });
      // Light and dark.
      const ground = (): Promise<string> =>
        page.evaluate<string>("getComputedStyle(document.body).backgroundColor");
      const before = await ground();
      await key("t");
      await expect.poll(ground, { timeout: PATIENCE }).not.toBe(before);
      // A search takes the focus, and letters are letters there.
      await key("2");
      await page.locator(VIEWS.net).first().waitFor();
      await key("/");
      await page.keyboard.type("conv2");
      await expect
        .poll(() => page.locator(".table tbody tr").count(), { timeout: PATIENCE })
        .toBe(1);
      await key("Tab");
      await key("Escape");
      // The table's titles sort, its layers can be chosen, and what has the focus is seen to have it.
      await page.locator(".table td button").first().focus();
      await key("Enter");
      await page.locator(".details h2", { hasText: "conv2" }).waitFor();
      await page.locator(".net-map .part.selected").waitFor();
      const outline = await page.evaluate<string>(
        "getComputedStyle(document.activeElement).outlineStyle",
      );
      expect(outline).toBe("solid");
      // The net grows under the hands.
      const seen = (): Promise<string | null> => page.locator(".map").getAttribute("viewBox");
      const small = await seen();
      await page.locator(".map").focus();
      await key("+");
      await expect.poll(seen, { timeout: PATIENCE }).not.toBe(small);
      // Every part that does something can be reached.
      await key("1");
      await page.locator(VIEWS.curves).first().waitFor();
      const unreachable = await page.evaluate<number>(
        "[...document.querySelectorAll('a, button, input, .chart')].filter((one) => one.tabIndex < 0 && !one.disabled).length",
      );
      expect(unreachable).toBe(0);
      await page.locator(".chart").first().focus();
      await key("+");
      await page.locator(".button:not([disabled])", { hasText: "All" }).waitFor();
      await key("0");
      await page.locator(".button[disabled]", { hasText: "All" }).waitFor();
      expect(problems).toEqual([]);
      await page.close();
    },
    PATIENCE,
  );

  test(
    "lays runs beside each other, zooms where a chart is dragged over, and asks before it stops",
    async () => {
      const { page, problems } = await opened(server);
      await page.locator(VIEWS.curves).first().waitFor();
      await page.getByLabel("Compare lenet-2").check();
      const legend = page.locator(".chart .legend").first();
      await legend.getByText("lenet-2 train").waitFor();
      await legend.getByText("lenet-3 train").waitFor();
      const place = await page.locator(".u-over").first().boundingBox();
      if (!place) throw new Error("a chart has no place");
      await page.mouse.move(place.x + 60, place.y + 50);
      await page.mouse.down();
      await page.mouse.move(place.x + 160, place.y + 60, { steps: 4 });
      await page.mouse.up();
      await page.locator(".button:not([disabled])", { hasText: "All" }).click();

      await page.getByRole("button", { name: "Stop" }).click();
      await page.getByRole("button", { name: "Go on" }).click();
      await page.locator("dialog[open]").waitFor({ state: "detached" });
      await page.getByRole("button", { name: "Rate" }).click();
      await page.locator("input[name=factor]").fill("-1");
      expect(await page.getByRole("button", { name: "Change" }).isDisabled()).toBe(true);
      await page.locator("input[name=factor]").fill("0.5");
      await page.getByText("The rate becomes").waitFor();
      await page.getByRole("button", { name: "Change" }).click();
      await page.locator(".toast", { hasText: "done: rate" }).waitFor();
      expect(server.posts).toEqual(['rate {"factor":0.5}']);
      expect(problems).toEqual([]);
      await page.close();
    },
    PATIENCE,
  );

  test.skipIf(!isLong)(
    "says when the connection is lost, and goes on when it is back",
    async () => {
      const first = await startStandIn();
      const { page } = await opened(first);
      await page.locator(VIEWS.curves).first().waitFor();
      first.close();
      await page.getByText("The connection is lost").waitFor();
      const second = await startStandIn({ port: first.port });
      await page.getByText("The connection is lost").waitFor({ state: "detached" });
      await page.locator(VIEWS.curves).first().waitFor();
      await page.close();
      second.close();
    },
    PATIENCE,
  );

  test(
    "says what it waits for where there is no run yet, and where its key is not known",
    async () => {
      const empty = await startStandIn({ runs: [] });
      const { page } = await opened(empty);
      await page.getByText("No run yet").waitFor();
      await page.close();
      empty.close();
      const strict = await startStandIn({ isClosed: true });
      const { page: refused } = await opened(strict);
      await refused.getByText("key is not known").waitFor();
      await refused.close();
      strict.close();
    },
    PATIENCE,
  );
});
