import { extname } from "node:path";
import { writeFileAtomically } from "../io/files/atomic-file.ts";
import type { NetParameter } from "../io/proto/caffe.ts";
import { anyNetOf } from "../io/weights/net-of-weights.ts";
import { CaffeError } from "../util/errors.ts";
import { silent } from "../util/log.ts";
import { checkOptions } from "../util/options.ts";
import { dotOfDrawn } from "./dot.ts";
import { type DrawOptions, drawOptions } from "./draw-options.ts";
import { type DrawnNet, drawnNetOf } from "./drawn-net.ts";
import { netGraphOf } from "./net-graph.ts";
import { netPicture } from "./net-picture.ts";
import { pdfOf } from "./picture/pdf.ts";
import type { Picture } from "./picture/picture.ts";
import { pngOf } from "./picture/png.ts";
import { svgOf } from "./picture/svg.ts";
import { foldRepeats } from "./repeats.ts";

/** A net, or the one of that file, drawn as SVG. */
export async function drawNet(
  net: string | NetParameter,
  options: DrawOptions = {},
): Promise<string> {
  return svgOf(pictureOf(drawnOf(net, options), options));
}

/**
 * Draws a net, or the one of that file, into a file; its ending says how: .svg, .png, .pdf or .dot.
 * @throws CaffeError for another ending, FileError where the file cannot be written
 * @see pycaffe's draw.draw_net_to_file
 */
export async function drawNetToFile(
  net: string | NetParameter,
  path: string,
  options: DrawOptions = {},
): Promise<void> {
  return drawToFile(drawnOf(net, options), path, options);
}

/** As `drawNetToFile`, of what is to be drawn. */
export async function drawToFile(net: DrawnNet, path: string, options: DrawOptions): Promise<void> {
  const ending = extname(path).toLowerCase();
  if (ending === ".dot") writeText(path, dotOfDrawn(net, options));
  else if (ending === ".svg") writeText(path, svgOf(pictureOf(net, options)));
  else if (ending === ".png") {
    const picture = pictureOf(net, options);
    writeFileAtomically(path, [
      await pngOf(svgOf(picture), Math.max(picture.width, picture.height)),
    ]);
  } else if (ending === ".pdf") writeFileAtomically(path, [pdfOf(pictureOf(net, options))]);
  else {
    throw new CaffeError(
      `"${path}" cannot be drawn. Expected it to end in .svg, .png, .pdf or .dot.`,
    );
  }
}

function drawnOf(net: string | NetParameter, options: DrawOptions): DrawnNet {
  const param = anyNetOf(net, silent);
  checkOptions("dotOf, drawNet and drawNetToFile", options, drawOptions);
  return drawnNetOf(param, options.displayLrMult);
}

function pictureOf(net: DrawnNet, options: DrawOptions): Picture {
  const graph = netGraphOf(net, options.shapes);
  const shown = options.fold === false ? graph : foldRepeats(graph);
  return netPicture(shown, net.name || "net", options);
}

function writeText(path: string, text: string): void {
  writeFileAtomically(path, [new TextEncoder().encode(text)]);
}
