import { extname } from "node:path";
import { writeFileAtomically } from "../io/files/atomic-file.ts";
import type { NetParameter } from "../io/proto/caffe.ts";
import { CaffeError } from "../util/errors.ts";
import { type DrawOptions, dotOf } from "./dot.ts";

/** A net, or the one of that file, drawn as SVG, laid out by Graphviz. */
export async function drawNet(
  net: string | NetParameter,
  options: DrawOptions = {},
): Promise<string> {
  const { instance } = await import("@viz-js/viz");
  const viz = await instance();
  return viz.renderString(dotOf(net, options), { format: "svg" });
}

/**
 * Draws a net, or the one of that file, into a file; its ending says how: .svg, .png or .dot.
 * @throws CaffeError for another ending, FileError where the file cannot be written
 * @see pycaffe's draw.draw_net_to_file
 */
export async function drawNetToFile(
  net: string | NetParameter,
  path: string,
  options: DrawOptions = {},
): Promise<void> {
  const ending = extname(path).toLowerCase();
  if (ending === ".dot") writeText(path, dotOf(net, options));
  else if (ending === ".svg") writeText(path, await drawNet(net, options));
  else if (ending === ".png") {
    const svg = await drawNet(net, options);
    writeFileAtomically(path, [await pngOf(svg)]);
  } else
    throw new CaffeError(`"${path}" cannot be drawn. Expected it to end in .svg, .png or .dot.`);
}

/** An SVG as PNG; twice the size at which a screen shows it. */
export async function pngOf(svg: string): Promise<Buffer> {
  const { default: sharp } = await import("sharp");
  return sharp(Buffer.from(svg), { density: 144, limitInputPixels: false }).png().toBuffer();
}

function writeText(path: string, text: string): void {
  writeFileAtomically(path, [new TextEncoder().encode(text)]);
}
