// The page of examples/browser in Chromium, by clicks: it trains, draws, guesses, saves, and takes files, damaged ones too.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildBrowserPage } from "../../examples/browser/build.ts";
import { partOfIdx } from "../../examples/browser/part-of-idx.ts";
import { FASHION, type ServedPage, servePage } from "../../examples/browser/serve.ts";
import { pageSolver } from "../../examples/browser/src/solver-text.ts";
import {
  forGuessing,
  withMemoryData,
  withoutFiles,
} from "../../examples/browser/src/worker/nets.ts";
import { parsePrototxt } from "../../src/io/text/prototxt.ts";
import { decodeCaffemodel } from "../../src/io/weights/caffemodel.ts";
import { Net } from "../../src/net/net.ts";
import { hasChromium, launchChromium, PATIENCE, readability } from "../support/chromium.ts";
import { isLong } from "../support/long.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const NET = readFileSync("models/lenet/lenet_train_test.prototxt", "utf8");
const SOLVER = readFileSync("models/lenet/lenet_fashion_solver.prototxt", "utf8");
const net = parsePrototxt("NetParameter", NET);

describe("the texts that a page trains", () => {
  test("MemoryData layers have the places of those that read databases, and say so", () => {
    const { param, notes } = withMemoryData(net);
    expect(param.layer?.slice(0, 2).map(({ type, top }) => [type, top])).toEqual([
      ["MemoryData", ["data", "label"]],
      ["MemoryData", ["data", "label"]],
    ]);
    expect(param.layer?.slice(2)).toEqual(net.layer?.slice(2));
    expect(notes.length).toBe(2);
    expect(notes[0]).toMatch(/^Data layer "data" \(TRAIN\) reads files, .* batch size, 64, /);
    expect(() => withMemoryData({ layer: [] })).toThrow("the net has no layer that reads pictures");
  });

  test("the net that guesses has an Input and probabilities, and wants no labels", () => {
    const { param, scale } = forGuessing(net);
    expect(scale).toBe(0.00390625);
    using guessing = new Net(param);
    expect([guessing.inputs, guessing.outputs]).toEqual([["data"], ["prob"]]);
    expect(guessing.layers.map(({ param: { type } }) => type)).not.toContain("Accuracy");
  });

  test("the solver writes no file, and its text tells what is otherwise", () => {
    const solver = parsePrototxt("SolverParameter", `${SOLVER}\nkeep_best: true`);
    const { param, notes } = withoutFiles(solver, net);
    expect(param).toMatchObject({ base_lr: 0.01, max_iter: 6000, net_param: net });
    expect(param).not.toHaveProperty("snapshot");
    expect(notes.join()).toMatch(/net, snapshot, snapshot_prefix, keep_best are left out/);
    const text = pageSolver(SOLVER);
    expect(text).toContain("test_iter: 10  # of 100 pictures; the stock file has 100\n");
    expect(parsePrototxt("SolverParameter", text).test_initialization).toBe(false);
    expect(text).toContain("# snapshot: 2000 is left out: a page has no files\n");
    expect(withoutFiles(parsePrototxt("SolverParameter", text), net).notes).toEqual([]);
  });
});

const isHere = hasChromium && existsSync(FASHION);

describe.skipIf(!isHere)(isHere ? "in Chromium" : "in Chromium, with Fashion-MNIST", () => {
  const folder = temporaryFolder();
  const pictures = temporaryFolder();
  let browser: Browser;
  let served: ServedPage;

  beforeAll(async () => {
    for (const [part, count] of [
      ["train", 1280],
      ["t10k", 200],
    ] as const) {
      for (const what of ["images-idx3", "labels-idx1"]) {
        const name = `${part}-${what}-ubyte.gz`;
        writeFileSync(join(pictures, name), partOfIdx(join(FASHION, name), count));
      }
    }
    await buildBrowserPage(folder);
    served = await servePage(folder, pictures, 0);
    browser = await launchChromium();
  }, PATIENCE);

  afterAll(async () => {
    await browser?.close();
    served?.close();
  }, PATIENCE);

  /** The page, ready to train, with all that it asks for and all that goes wrong in it. */
  async function opened(options: BrowserContextOptions = {}, within = browser) {
    const page = await within.newPage(options);
    page.setDefaultTimeout(PATIENCE / 4);
    const [asked, problems]: [string[], string[]] = [[], []];
    page.on("request", (request) => asked.push(request.url()));
    page.on("pageerror", (error) => problems.push(error.message));
    page.on("console", (message) => {
      if (message.type() === "error") problems.push(message.text());
    });
    await page.goto(served.url);
    await page.getByRole("status").getByText("Ready to learn").waitFor();
    return { page, asked, problems };
  }

  const button = (page: Page, name: string) => page.getByRole("button", { name, exact: true });
  const lossOf = async (page: Page): Promise<number> => {
    const label = await page.getByRole("figure", { name: /^Loss:/ }).getAttribute("aria-label");
    return Number(/train ([\d.]+)/.exec(label ?? "")?.[1]);
  };
  const saved = async (page: Page): Promise<Uint8Array> => {
    const download = page.waitForEvent("download");
    await button(page, "Save lenet.caffemodel").click();
    return new Uint8Array(readFileSync(await (await download).path()));
  };
  const headline = (page: Page) => page.locator(".guesses output");
  const sample = (page: Page, place: number) => page.locator(".samples button").nth(place);
  const dropAll = async (page: Page, files: ReadonlyMap<string, Uint8Array>): Promise<void> => {
    const transfer = await page.evaluateHandle(
      (parts) => {
        const here = globalThis as unknown as {
          DataTransfer: new () => { items: { add(file: unknown): void } };
          File: new (parts: Uint8Array[], name: string) => unknown;
        };
        const made = new here.DataTransfer();
        for (const [name, base64] of parts) {
          const part = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
          made.items.add(new here.File([part], name));
        }
        return made;
      },
      [...files].map(([name, bytes]) => [name, Buffer.from(bytes).toString("base64")] as const),
    );
    await page.dispatchEvent("main", "drop", { dataTransfer: transfer });
  };
  const drop = (page: Page, name: string, bytes: Uint8Array): Promise<void> =>
    dropAll(page, new Map([[name, bytes]]));

  test(
    "it trains, guesses what is drawn, saves its weights, and runs those that are dropped",
    async () => {
      const { page, asked, problems } = await opened();
      expect(await button(page, "WebAssembly").getAttribute("aria-pressed")).toBe("true");
      await page.getByText(/^There is no WebGPU here: /).waitFor();
      await page.getByText("1,280 pictures to learn from, 200 others to test with.").waitFor();

      // Texts that cannot be trained say why, and the old ones go on.
      const solver = page.getByLabel("Solver", { exact: true });
      await solver.fill("base_lr: fast");
      await button(page, "Take these texts").click();
      await page
        .getByRole("alert")
        .getByText(/^the solver:1:\d+: /)
        .waitFor();
      await solver.fill(
        'base_lr: 0.01 momentum: 0.9 lr_policy: "fixed" max_iter: 400 test_iter: 1 test_interval: 20 random_seed: 1',
      );
      await button(page, "Take these texts").click();
      await page.getByRole("status").getByText("iteration 0 of 400").waitFor();
      expect(await page.getByRole("alert").count()).toBe(0);

      await button(page, "Train").click();
      await expect.poll(() => lossOf(page), { timeout: PATIENCE / 4 }).toBeLessThan(1.4);
      await button(page, "Pause").click();
      await page.getByRole("status").getByText("Paused").waitFor();
      const loss = await page.locator(".tile", { hasText: "Loss" }).textContent();
      expect(Number(/[\d.]+/.exec(loss ?? "")?.[0])).toBeGreaterThan(0);
      const accuracy = await page.locator(".tile", { hasText: "Test accuracy" }).textContent();
      expect(Number(/([\d.]+)\s%/.exec(accuracy ?? "")?.[1])).toBeGreaterThan(20);
      await page.getByRole("img", { name: "conv1: all 20 filters" }).waitFor();

      // Something to wear, by the mouse.
      await page.locator(".board canvas").scrollIntoViewIfNeeded();
      const board = await page.locator(".board canvas").boundingBox();
      const { x = 0, y = 0, width = 0 } = board ?? {};
      await page.mouse.move(x + 0.3 * width, y + 0.3 * width);
      await page.mouse.down();
      for (const [across, down] of [
        [0.7, 0.3],
        [0.7, 0.8],
        [0.3, 0.8],
        [0.3, 0.3],
      ] as const) {
        await page.mouse.move(x + across * width, y + down * width);
      }
      await page.mouse.up();
      await button(page, "Fill").click();
      await page.mouse.click(x + width / 2, y + width / 2);
      await headline(page)
        .getByText(/^[\w-]+\?$/)
        .waitFor();
      const shares = await page.locator(".bars b").allTextContents();
      const sum = shares.reduce((all, text) => all + Number.parseFloat(text), 0);
      expect(sum).toBeGreaterThan(99);
      expect(sum).toBeLessThan(101);

      // A picture of the test part.
      await sample(page, 0).click();
      await page.getByText("It is: Boot. Guesses of the net that trains.").waitFor();
      const learned = await sample(page, 0).getAttribute("aria-label");

      const bytes = await saved(page);
      const { layers } = decodeCaffemodel(bytes, "lenet.caffemodel");
      expect(layers.filter(({ blobs }) => blobs.length > 0).map(({ name }) => name)).toEqual([
        ...["conv1", "conv2", "ip1", "ip2"],
      ]);

      // A net that knows nothing yet, and the weights of before.
      await button(page, "Start anew").click();
      await page.getByRole("status").getByText("iteration 0 of 400").waitFor();
      await drop(page, "mine.caffemodel", bytes);
      await page.getByText("Guesses of mine.caffemodel.").waitFor();
      await expect
        .poll(() => sample(page, 0).getAttribute("aria-label"), { timeout: PATIENCE / 4 })
        .toBe(learned);

      // What cannot be run is told in a line, and what guessed before goes on.
      await drop(page, "half.caffemodel", bytes.subarray(0, bytes.length >> 1));
      await page
        .getByRole("alert")
        .getByText(/^half\.caffemodel: /)
        .waitFor();
      await drop(page, "picture.png", bytes);
      await page
        .getByRole("alert")
        .getByText(/^picture\.png is nothing that this page takes/)
        .waitFor();
      await page.getByText("Guesses of mine.caffemodel.").waitFor();
      await drop(
        page,
        "narrow.prototxt",
        Buffer.from(NET.replace("num_output: 500", "num_output: 40")),
      );
      await page
        .getByRole("alert")
        .getByText(/layer 'ip1'; shape mismatch/)
        .waitFor();
      await button(page, "Back to the net that trains").click();
      await page.getByText("Guesses of the net that trains.").waitFor();

      await button(page, "WebGPU").click();
      await page
        .getByRole("alert")
        .getByText(/no adapter is found|there is no WebGPU here/)
        .waitFor();
      await button(page, "Train").click();
      await page.getByRole("status").getByText("Learning").waitFor();

      // Pictures of one's own take the place of those that it learns from, while it learns.
      const parts = ["train-images-idx3", "train-labels-idx1"].map((what) => `${what}-ubyte.gz`);
      await dropAll(
        page,
        new Map(parts.map((name) => [name, partOfIdx(join(FASHION, name), 640)] as const)),
      );
      await page.getByText("640 pictures to learn from, 200 others to test with.").waitFor();
      await page.getByRole("status").getByText("Ready to learn").waitFor();
      await drop(page, "train-images.gz", partOfIdx(join(FASHION, parts[0] ?? ""), 3));
      await page.getByRole("alert").getByText("the train part has no labels").waitFor();
      await button(page, "Train").click();
      await page.getByRole("status").getByText("Learning").waitFor();
      await expect.poll(() => lossOf(page), { timeout: PATIENCE / 4 }).toBeGreaterThan(0);

      expect(asked.filter((url) => !/^blob:/.test(url) && !url.startsWith(served.url))).toEqual([]);
      expect(problems).toEqual([]);
      await page.close();
    },
    PATIENCE,
  );

  test.skipIf(!isLong)(
    "on a GPU that software makes up it tells what it does, and its losses reach the curve",
    async () => {
      const own = await launchChromium("software");
      const { page, problems } = await opened({}, own);
      page.setDefaultTimeout(PATIENCE);
      await button(page, "WebGPU").click();
      await page.getByText(/^Its GPU is software \(.*\), and slow\.$/).waitFor();
      // No display: losses come without it.
      await page
        .getByLabel("Net", { exact: true })
        .fill(NET.replace("batch_size: 64", "batch_size: 10"));
      await page
        .getByLabel("Solver", { exact: true })
        .fill(
          'base_lr: 0.02 momentum: 0.9 lr_policy: "fixed" max_iter: 20 test_iter: 2 test_interval: 100 random_seed: 1',
        );
      await button(page, "Take these texts").click();
      const status = page.getByRole("status");
      await status.getByText("iteration 0 of 20").waitFor();
      await button(page, "Train").click();
      await status.getByText(/testing, batch [12] of 2/).waitFor({ timeout: PATIENCE / 12 });
      await status.getByText("programs are compiled").waitFor();
      await expect.poll(() => lossOf(page), { timeout: PATIENCE }).toBeGreaterThan(2);
      await status.getByText("Done · iteration 20 of 20").waitFor();
      expect(await lossOf(page)).toBeLessThan(2.2);

      await sample(page, 0).click();
      await page.getByText("It is: Boot. Guesses of the net that trains.").waitFor();
      await headline(page)
        .getByText(/^[\w-]+\?$/)
        .waitFor();
      await drop(page, "mine.caffemodel", await saved(page));
      await page.getByText("Guesses of mine.caffemodel.").waitFor();
      await headline(page)
        .getByText(/^[\w-]+\?$/)
        .waitFor();
      expect(problems).toEqual([]);
      await own.close();
    },
    2 * PATIENCE,
  );

  test.skipIf(!isLong)(
    "it can be read, dark and narrow, and drawn on by keys and by a finger",
    async () => {
      const { page, problems } = await opened({
        ...{ colorScheme: "dark", viewport: { width: 390, height: 800 } },
        ...{ hasTouch: true, isMobile: true },
      });
      const board = page.locator(".board canvas");
      await board.scrollIntoViewIfNeeded();
      const { x = 0, y = 0, width = 0 } = (await board.boundingBox()) ?? {};
      const scrolled = await page.evaluate("scrollY");
      const finger = await page.context().newCDPSession(page);
      const touch = (type: "touchStart" | "touchMove" | "touchEnd", ...at: [number, number][]) =>
        finger.send("Input.dispatchTouchEvent", {
          type,
          touchPoints: at.map(([a, b]) => ({ x: x + a * width, y: y + b * width })),
        });
      await touch("touchStart", [0.5, 0.2]);
      for (const down of [0.4, 0.6, 0.8]) await touch("touchMove", [0.5, down]);
      await touch("touchEnd");
      await headline(page)
        .getByText(/^[\w-]+\?$/)
        .waitFor();
      // It draws a line, and moves no page.
      expect(await page.evaluate("scrollY")).toBe(scrolled);
      await button(page, "Clear").click();
      await headline(page).getByText("What is it?").waitFor();
      await page.getByRole("application").focus();
      for (const key of [" ", "ArrowRight", "ArrowRight", "ArrowDown", " "]) {
        await page.keyboard.press(key);
      }
      await headline(page)
        .getByText(/^[\w-]+\?$/)
        .waitFor();
      const { places, overflow } = await readability(page);
      expect(overflow).toBeLessThanOrEqual(0);
      expect(
        places.filter(({ ratio, text }) => ratio < 4.5 && !/^(Take|As they|Start)/.test(text)),
      ).toEqual([]);
      expect(problems).toEqual([]);
      await page.close();
    },
    PATIENCE,
  );
});
