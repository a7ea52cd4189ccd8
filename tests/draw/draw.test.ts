import { readFileSync } from "node:fs";
import { join } from "node:path";
import { inflateSync } from "node:zlib";
import sharp from "sharp";
import { expect, test } from "vitest";
import { drawNet, drawNetToFile } from "../../src/draw/draw.ts";
import { pngOf } from "../../src/draw/picture/png.ts";
import { parsePrototxt } from "../../src/io/text/prototxt.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const NET = parsePrototxt(
  "NetParameter",
  `name: "<b> & (c)"
   layer { name: "data" type: "Input" top: "data" }
   layer { name: "</text><script>" type: "ReLU" bottom: "data" top: "é" }
   layer { name: "卷积(\\\\" type: "Power" bottom: "é" top: "y" }`,
);

test("names of others stand in an SVG as text", async () => {
  const svg = await drawNet(NET);
  expect(svg).toContain("<title>&lt;b&gt; &amp; (c)</title>");
  expect(svg).toContain("&lt;/text&gt;&lt;script&gt;");
  expect(svg).not.toContain("<script");
  expect(svg).toContain("卷积(\\");
});

test("a PDF's table tells where its objects lie, and its page holds the letters", async () => {
  const path = join(temporaryFolder(), "net.pdf");
  await drawNetToFile(NET, path);
  const file = readFileSync(path);
  const text = file.toString("latin1");
  const table = Number(/startxref\n(\d+)\n%%EOF\n$/.exec(text)?.[1]);
  const [head = "", ...entries] = text.slice(table).split("\n").slice(1);
  const count = Number(head.split(" ")[1]);
  expect(count).toBe(8);
  for (let i = 1; i < count; i++) {
    const [offset = "", generation, use] = entries[i]?.split(" ") ?? [];
    expect([generation, use]).toEqual(["00000", "n"]);
    expect(text.slice(Number(offset))).toMatch(new RegExp(`^${i} 0 obj\n`));
  }
  const [, length = ""] = /\/Length (\d+) /.exec(text) ?? [];
  const begin = text.indexOf("stream\n") + "stream\n".length;
  const content = inflateSync(file.subarray(begin, begin + Number(length))).toString("latin1");
  const hex = (letters: string): string => Buffer.from(letters, "latin1").toString("hex");
  expect(content).toContain(`<${hex("data")}> Tj`);
  expect(content).toContain(`<${hex("top é")}> Tj`);
  // What the font lacks is told by its number.
  expect(content).toContain(`<${hex("\\u{5377}\\u{79ef}(\\")}> Tj`);
  expect(text).toContain(
    `/Title <feff${Buffer.from("<b> & (c)", "utf16le").swap16().toString("hex")}>`,
  );
});

test("a picture that is longer than a page or an image may be is made smaller", async () => {
  const layer = Array.from({ length: 250 }, (_, i) => ({
    name: `layer number ${i}`,
    type: "Power",
    ...(i > 0 && { bottom: [String(i - 1)] }),
    top: [String(i)],
  }));
  const path = join(temporaryFolder(), "net.pdf");
  await drawNetToFile({ layer }, path, { wrap: 0, fold: false });
  const [, width] = /MediaBox \[0 0 (\d+) /.exec(readFileSync(path, "latin1")) ?? [];
  expect(width).toBe("14400");
  // An image of few colours, so that a long one takes no time.
  const svg =
    '<svg xmlns="http://www.w3.org/2000/svg" width="40000" height="4"><rect width="9" height="4"/></svg>';
  expect((await sharp(await pngOf(svg, 40_000)).metadata()).width).toBe(32_000);
  expect((await sharp(await pngOf(await drawNet(NET))).metadata()).format).toBe("png");
});
