import { deflateSync } from "node:zlib";
import { withoutControls } from "../../util/printable.ts";
import { textRoom, textWidth } from "./font.ts";
import type { Path, Picture, Point, Rectangle, Words } from "./picture.ts";

/** The longest side of a page that PDF allows; larger pictures are made smaller. */
const LONGEST = 14_400;
/** How far from its ends the places lie that draw a quarter of a circle as a Bézier curve. */
const ROUND = 0.5523;

/**
 * A picture as PDF: one page of its size, with paths and letters of Helvetica, which every reader has. Letters that its encoding
 * lacks stand as `\u{NNNN}`, pressed into their room.
 *
 * @see ISO 32000, Document management: Portable document format
 */
export function pdfOf(picture: Picture): Uint8Array {
  const { title, width, height, shapes } = picture;
  const scale = Math.min(1, LONGEST / Math.max(width, height));
  const [w, h] = [number(width * scale), number(height * scale)];
  const k = number(scale, 6);
  const drawn = [`${k} 0 0 -${k} 0 ${h} cm`, ...shapes.map(operatorsOf)].join("\n");
  const content = deflateSync(Buffer.from(drawn, "latin1"));
  const font = (name: string): string =>
    `<< /Type /Font /Subtype /Type1 /BaseFont /${name} /Encoding /WinAnsiEncoding >>`;
  return fileOf([
    "<< /Type /Catalog /Pages 2 0 R >>",
    "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
    `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 ${w} ${h}] /Contents 4 0 R /Resources << /Font << /F0 5 0 R /F1 6 0 R >> >> >>`,
    Buffer.concat([
      Buffer.from(`<< /Length ${content.length} /Filter /FlateDecode >>\nstream\n`),
      content,
      Buffer.from("\nendstream"),
    ]),
    font("Helvetica"),
    font("Helvetica-Bold"),
    `<< /Title <feff${Buffer.from(withoutControls(title), "utf16le").swap16().toString("hex")}> /Producer (caffe-ts) >>`,
  ]);
}

/** Objects by their numbers, from 1 on, as a file: the first is the catalog, the last what tells of the document. */
function fileOf(objects: readonly (string | Buffer)[]): Uint8Array {
  const chunks = [Buffer.from("%PDF-1.4\n%\xe2\xe3\xcf\xd3\n", "latin1")];
  let length = chunks[0]?.length ?? 0;
  const offsets: number[] = [];
  for (const [i, object] of objects.entries()) {
    const chunk = Buffer.concat([
      Buffer.from(`${i + 1} 0 obj\n`),
      typeof object === "string" ? Buffer.from(object, "latin1") : object,
      Buffer.from("\nendobj\n"),
    ]);
    offsets.push(length);
    chunks.push(chunk);
    length += chunk.length;
  }
  const count = objects.length + 1;
  const table = offsets.map((offset) => `${String(offset).padStart(10, "0")} 00000 n \n`).join("");
  chunks.push(
    Buffer.from(
      `xref\n0 ${count}\n0000000000 65535 f \n${table}trailer\n<< /Size ${count} /Root 1 0 R /Info ${objects.length} 0 R >>\nstartxref\n${length}\n%%EOF\n`,
    ),
  );
  return Buffer.concat(chunks);
}

function operatorsOf(shape: Rectangle | Path | Words): string {
  if (shape.kind === "words") return wordsText(shape);
  const outline = shape.kind === "path" ? pathText(shape) : rectangleText(shape);
  const { fill, stroke } = shape;
  const isDashed = shape.kind === "rectangle" && shape.isDashed === true;
  return [
    ...(fill === undefined ? [] : [`${colour(fill)} rg`]),
    ...(stroke === undefined ? [] : [`${colour(stroke)} RG`, isDashed ? "[5 3] 0 d" : "[] 0 d"]),
    outline,
    fill === undefined ? "S" : stroke === undefined ? "f" : "B",
  ].join("\n");
}

function pathText({ from, steps }: Path): string {
  const lines = steps.map(
    (step) => `${step.map(point).join(" ")} ${step.length === 1 ? "l" : "c"}`,
  );
  return [`${point(from)} m`, ...lines].join("\n");
}

function rectangleText({ x, y, width, height, radius: wanted }: Rectangle): string {
  const radius = Math.min(wanted, width / 2, height / 2);
  if (radius <= 0) return `${[x, y, width, height].map((value) => number(value)).join(" ")} re`;
  const [right, bottom, bend] = [x + width, y + height, radius * (1 - ROUND)];
  const line = (to: Point): string => `${point(to)} l`;
  const curve = (a: Point, b: Point, to: Point): string => `${[a, b, to].map(point).join(" ")} c`;
  return [
    `${point([x + radius, y])} m`,
    line([right - radius, y]),
    curve([right - bend, y], [right, y + bend], [right, y + radius]),
    line([right, bottom - radius]),
    curve([right, bottom - bend], [right - bend, bottom], [right - radius, bottom]),
    line([x + radius, bottom]),
    curve([x + bend, bottom], [x, bottom - bend], [x, bottom - radius]),
    line([x, y + radius]),
    curve([x, y + bend], [x + bend, y], [x + radius, y]),
    "h",
  ].join("\n");
}

function wordsText({ x, y, text, size, isBold = false, isCentred, fill }: Words): string {
  const shown = [...withoutControls(text)].map(encodable).join("");
  const natural = textWidth(shown, size, isBold);
  const width = Math.min(natural, textRoom(text, size, isBold));
  const left = isCentred ? x - width / 2 : x;
  const bytes = Buffer.from([...shown].map(codeOf)).toString("hex");
  const stretch = natural > 0 ? number((100 * width) / natural) : "100";
  // Letters stand upright though the page's places are counted downwards.
  return `BT /F${isBold ? 1 : 0} ${size} Tf ${colour(fill)} rg ${stretch} Tz 1 0 0 -1 ${point([left, y])} Tm <${bytes}> Tj ET`;
}

/** Characters that WinAnsiEncoding has outside of Latin-1. */
const ELSEWHERE: ReadonlyMap<string, number> = new Map(
  Object.entries({
    "€": 0x80,
    "…": 0x85,
    "‘": 0x91,
    "’": 0x92,
    "“": 0x93,
    "”": 0x94,
    "–": 0x96,
    "—": 0x97,
  }),
);

function codeOf(character: string): number {
  return ELSEWHERE.get(character) ?? character.codePointAt(0) ?? 0;
}

function encodable(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  const isLatin = (code >= 0x20 && code < 0x7f) || (code >= 0xa0 && code <= 0xff);
  return isLatin || ELSEWHERE.has(character) ? character : `\\u{${code.toString(16)}}`;
}

/** `#rrggbb` as three numbers between 0 and 1. */
function colour(text: string): string {
  const value = Number.parseInt(text.slice(1), 16);
  return [16, 8, 0].map((shift) => number(((value >> shift) & 255) / 255, 3)).join(" ");
}

function point([x, y]: Point): string {
  return `${number(x)} ${number(y)}`;
}

function number(value: number, digits = 1): string {
  return String(Number(value.toFixed(digits)));
}
