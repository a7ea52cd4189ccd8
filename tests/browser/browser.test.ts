// The library as a page has it: bundled without Node, and at work in Chromium.
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { gunzipSync } from "node:zlib";
import { build } from "esbuild";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { hasChromium, launchChromium } from "../support/chromium.ts";
import { isLong } from "../support/long.ts";
import type { Told, train } from "./page.ts";

const IMAGES = "/usr/share/datasets/fashion-mnist";
const isRequired = (process.env["REQUIRE_ENGINES"] ?? "").includes("webgpu");

const COUNT = 200;
const BATCH = 10;

const lenet = (batch: number): string => `
  layer { name: "in" type: "Input" top: "data" top: "label" input_param { shape { dim: ${batch} dim: 1 dim: 28 dim: 28 } shape { dim: ${batch} } } }
  layer { name: "conv1" type: "Convolution" bottom: "data" top: "conv1" convolution_param { num_output: 20 kernel_size: 5 weight_filler { type: "xavier" } } }
  layer { name: "pool1" type: "Pooling" bottom: "conv1" top: "pool1" pooling_param { pool: MAX kernel_size: 2 stride: 2 } }
  layer { name: "conv2" type: "Convolution" bottom: "pool1" top: "conv2" convolution_param { num_output: 50 kernel_size: 5 weight_filler { type: "xavier" } } }
  layer { name: "pool2" type: "Pooling" bottom: "conv2" top: "pool2" pooling_param { pool: MAX kernel_size: 2 stride: 2 } }
  layer { name: "ip1" type: "InnerProduct" bottom: "pool2" top: "ip1" inner_product_param { num_output: 500 weight_filler { type: "xavier" } } }
  layer { name: "relu1" type: "ReLU" bottom: "ip1" top: "ip1" }
  layer { name: "ip2" type: "InnerProduct" bottom: "ip1" top: "ip2" inner_product_param { num_output: 10 weight_filler { type: "xavier" } } }
  layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip2" bottom: "label" top: "loss" }`;

/** The elements of an IDX file behind its header. */
const idx = (file: string, header: number, count: number): string =>
  gunzipSync(readFileSync(`${IMAGES}/${file}`))
    .subarray(header, header + count)
    .toString("base64");

test.runIf(isRequired)("the browser of the tests is here", () => {
  expect(hasChromium, "Chromium is missing: npm run setup installs it").toBe(true);
});

test("the library bundles for a browser without one of Node's modules", async () => {
  const { outputFiles, warnings, metafile } = await bundle();
  expect(warnings).toEqual([]);
  expect(outputFiles[0]?.text.length).toBeLessThan(2 ** 20);
  const inputs = Object.keys(metafile.inputs);
  expect(inputs.some((path) => path.endsWith("dist/net/net.js"))).toBe(true);
  const ofNode = /^node_modules\/(sharp|webgpu|h5wasm)\/|^dist\/io\/hdf5\/h5wasm\//;
  expect(inputs.filter((path) => ofNode.test(path))).toEqual([]);
});

/** The page's script, from the package as a user's bundler finds it. */
function bundle() {
  return build({
    entryPoints: ["tests/browser/page.ts"],
    bundle: true,
    write: false,
    metafile: true,
    format: "esm",
    platform: "browser",
    minify: true,
    outfile: "page.js",
    logLevel: "silent",
  });
}

describe.skipIf(!hasChromium)("in Chromium", () => {
  let browser: Browser;
  let server: Server;
  let address = "";

  beforeAll(async () => {
    const script = (await bundle()).outputFiles[0]?.text ?? "";
    server = createServer((request, response) => {
      const isScript = request.url === "/page.js";
      response.setHeader("content-type", isScript ? "text/javascript" : "text/html");
      response.end(isScript ? script : '<script type="module" src="/page.js"></script>');
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    browser = await launchChromium("software");
  }, 120_000);

  afterAll(async () => {
    await browser?.close();
    server?.close();
  });

  const run = async (page: Page, net: string, count: number, engine?: string): Promise<Told> => {
    await page.goto(address);
    await page.waitForFunction("globalThis.train");
    return page.evaluate(
      async ([text, batch, images, labels, prefer]) => {
        const bytes = (base64: string) => Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
        const { train: go } = globalThis as unknown as { train: typeof train };
        return go(text, batch, bytes(images), bytes(labels), prefer);
      },
      [
        net,
        BATCH,
        idx("train-images-idx3-ubyte.gz", 16, 784 * count),
        idx("train-labels-idx1-ubyte.gz", 8, count),
        engine,
      ] as const,
    );
  };

  test.runIf(isLong)(
    "it trains LeNet on a few hundred images through WebGPU",
    { timeout: 300_000 },
    async () => {
      const { engines, losses, log } = await run(await browser.newPage(), lenet(BATCH), COUNT);
      expect(log.filter((line) => !line.startsWith("info"))).toEqual([]);
      expect(engines).toEqual(["webgpu"]);
      expect(losses.length).toBe(COUNT / BATCH);
      const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
      expect(losses[0]).toBeGreaterThan(1.8);
      expect(mean(losses.slice(-5))).toBeLessThan(0.75 * (losses[0] ?? 0));
    },
  );

  test("without WebGPU it says so, and LeNet learns in WebAssembly what plain loops make it learn", async () => {
    const page = await browser.newPage();
    await page.addInitScript("Object.defineProperty(navigator, 'gpu', { value: undefined })");
    const { engines, losses, log } = await run(page, lenet(BATCH), 60);
    expect(engines.filter((name) => name !== "reference")).toEqual(["wasm"]);
    expect(log[0]).toMatch(/warning engine: GPU: there is no WebGPU here.*The CPU serves\./);
    expect(losses.length).toBe(6);
    const plain = await run(page, lenet(BATCH), 60, "reference");
    expect(plain.engines).toEqual(["reference"]);
    expect(losses).toBeAllClose(plain.losses, { rtol: 1e-4, atol: 0 });
  });
});
