import { existsSync } from "node:fs";
import { type Browser, chromium, type Page } from "playwright-core";

const CHROMIUM = "/usr/bin/chromium";
/** As on a machine without a screen, or a way out. */
const FLAGS = [
  "--no-sandbox",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--no-first-run",
];
/** What pages have of a GPU: none, or WebGPU by software. */
const GPUS = {
  none: ["--disable-gpu"],
  software: ["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"],
} as const;

/** Whether the browser of the tests is here. */
export const hasChromium = existsSync(CHROMIUM);

/** Milliseconds that a busy machine may take; nothing waits so long where it is not busy. */
export const PATIENCE = 120_000;

/** Starts it. */
export function launchChromium(gpu: keyof typeof GPUS = "none"): Promise<Browser> {
  const args = [...FLAGS, ...GPUS[gpu]];
  return chromium.launch({ executablePath: CHROMIUM, args, timeout: PATIENCE });
}

/** How well a page can be read. */
export interface Readable {
  /** Each element with text of its own, and the contrast of it with what is behind it (WCAG 2: 1 to 21, 4.5 to be read). */
  readonly places: readonly { readonly text: string; readonly ratio: number }[];
  /** Pixels that it is wider than its window. */
  readonly overflow: number;
}

const READABLE = `(() => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const light = (colours) => {
    canvas.clearRect(0, 0, 1, 1);
    for (const colour of colours) {
      canvas.fillStyle = colour;
      canvas.fillRect(0, 0, 1, 1);
    }
    const [r, g, b] = [...canvas.getImageData(0, 0, 1, 1).data].map((value) => {
      const x = value / 255;
      return x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const hasText = (element) =>
    [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim() !== "");
  const places = [...document.body.querySelectorAll("*")]
    .filter((element) => hasText(element) && element.getClientRects().length > 0 && !/OPTION|SCRIPT/.test(element.tagName))
    .map((element) => {
      const behind = [];
      for (let at = element; at; at = at.parentElement) behind.unshift(getComputedStyle(at).backgroundColor);
      const pair = [light(["#fff", ...behind]), light(["#fff", ...behind, getComputedStyle(element).color])];
      const [dark, bright] = pair.sort((a, b) => a - b);
      return { text: element.textContent.trim().slice(0, 40), ratio: (bright + 0.05) / (dark + 0.05) };
    });
  return { places, overflow: document.documentElement.scrollWidth - innerWidth };
})()`;

/** How well the page can be read as it is now. */
export function readability(page: Page): Promise<Readable> {
  return page.evaluate<Readable>(READABLE);
}
