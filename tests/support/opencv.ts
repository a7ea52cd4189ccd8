import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import type { Raster } from "../../src/io/images/raster.ts";

/** What OpenCV made of an image in one mode; see tests/golden/opencv. */
export interface Decoded {
  readonly name: string;
  readonly mode: "color" | "gray" | "unchanged";
  readonly shape: readonly [number, number, number];
  /** Row by row, the channels of a pixel side by side, in base64; so are all pixels here. */
  readonly pixels: string;
}

/** A file, and what OpenCV made of it in each mode: nothing, a shape and pixels, or other values than bytes. */
export interface Format {
  readonly name: string;
  readonly file: string;
  readonly color: Read | null;
  readonly gray: Read | null;
  readonly unchanged: Read | null;
}

interface Read {
  readonly shape?: readonly [number, number, number];
  readonly pixels?: string;
  readonly type?: string;
}

/** What OpenCV made of noise at another size. */
export interface Resized {
  readonly channels: number;
  readonly from: readonly [number, number];
  readonly to: readonly [number, number];
  readonly pixels: string;
  readonly resized: string;
}

/** What OpenCV made of noise, at another size or changed. */
export interface Prepared {
  readonly what: string;
  readonly from: readonly [channels: number, height: number, width: number];
  readonly to: readonly [height: number, width: number];
  readonly pixels: string;
  readonly result: string;
}

export const decoded = read<Decoded[]>("decoded.json");
export const formats = read<Format[]>("formats.json");
export const resized = read<Resized[]>("resized.json");
export const prepared = read<Prepared[]>("prepared.json");

function read<T>(name: string): T {
  return JSON.parse(
    readFileSync(new URL(`../golden/opencv/${name}`, import.meta.url), "utf8"),
  ) as T;
}

/** The pixels of a raster row by row, the channels of each side by side. */
export function pixelsOf(raster: Raster): Uint8Array {
  const { data, channels, height, width, offset, channelStep, rowStep, columnStep } = raster;
  const pixels = new Uint8Array(channels * height * width);
  for (let y = 0, to = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let c = 0; c < channels; c++, to++) {
        pixels[to] = data[offset + c * channelStep + y * rowStep + x * columnStep] ?? 0;
      }
    }
  }
  return pixels;
}

/** The bytes of an image of tests/golden/opencv. */
export function imageBytes(name: string): Uint8Array {
  return readFileSync(new URL(`../golden/opencv/images/${name}`, import.meta.url));
}

export function bytesOf(base64: string): Uint8Array {
  return Uint8Array.from(Buffer.from(base64, "base64"));
}

/** Python of the system, where these modules are installed; undefined where they are not. */
export function systemPython(...modules: readonly string[]): string | undefined {
  const python = "/usr/bin/python3";
  const { status } = spawnSync(python, ["-c", `import ${modules.join(", ")}`]);
  return status === 0 ? python : undefined;
}

/** Runs a program in Python and gives what it wrote to standard output. */
export function runPython(python: string, program: string, input?: Uint8Array): Buffer {
  const { status, stdout, stderr } = spawnSync(python, ["-c", program], {
    maxBuffer: 2 ** 28,
    ...(input && { input }),
  });
  if (status !== 0) throw new Error(stderr.toString());
  return stdout;
}
