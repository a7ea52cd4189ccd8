import { xmlText } from "../../util/xml.ts";
import type { Path, Picture, Rectangle, Words } from "./picture.ts";

/** Helvetica, and fonts that are as wide where it is missing. */
const FONTS = "Helvetica, Arial, Liberation Sans, Nimbus Sans, DejaVu Sans Condensed, sans-serif";

/** A picture as SVG; a point is a pixel of it. */
export function svgOf({ title, width, height, shapes }: Picture): string {
  const [w, h] = [number(width), number(height)];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${w} ${h}" width="${w}" height="${h}" font-family="${FONTS}">`,
    `<title>${xmlText(title)}</title>`,
    `<rect width="${w}" height="${h}" fill="#ffffff"/>`,
    ...shapes.map(elementOf),
    "</svg>",
    "",
  ].join("\n");
}

function elementOf(shape: Rectangle | Path | Words): string {
  if (shape.kind === "rectangle") {
    const { x, y, width, height, radius } = shape;
    const round = radius > 0 ? ` rx="${number(radius)}"` : "";
    const dashes = shape.isDashed ? ' stroke-dasharray="5 3"' : "";
    return `<rect x="${number(x)}" y="${number(y)}" width="${number(width)}" height="${number(height)}"${round}${paint(shape)}${dashes}/>`;
  }
  if (shape.kind === "path") {
    const places = (points: readonly (readonly [number, number])[]): string =>
      points.map(([x, y]) => `${number(x)},${number(y)}`).join(" ");
    const steps = shape.steps.map((step) => `${step.length === 1 ? "L" : "C"}${places(step)}`);
    return `<path d="M${places([shape.from])}${steps.join("")}"${paint(shape)}/>`;
  }
  const { x, y, text, size, isBold, isCentred, fill } = shape;
  const weight = isBold ? ' font-weight="bold"' : "";
  const anchor = isCentred ? ' text-anchor="middle"' : "";
  return `<text x="${number(x)}" y="${number(y)}" font-size="${size}"${weight}${anchor} fill="${fill}">${xmlText(text)}</text>`;
}

function paint({ fill = "none", stroke }: Rectangle | Path): string {
  return ` fill="${fill}"${stroke === undefined ? "" : ` stroke="${stroke}"`}`;
}

/** A number with no more digits than a picture shows. */
function number(value: number): string {
  return String(Math.round(value * 10) / 10);
}
