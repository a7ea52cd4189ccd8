import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { expect, test } from "vitest";
import { Net } from "../../../src/net/net.ts";
import { caffeHere } from "../../support/cli.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const folder = temporaryFolder();
const at = (name: string): string => join(folder, name);

/** The class of a pixel is its brightest channel: blue, green, red. */
const NET =
  'layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 3 dim: 40 dim: 60 } } } layer { name: "s" type: "ReLU" bottom: "data" top: "s" }';
writeFileSync(at("deploy.prototxt"), NET);
const net = Net.parse(NET);
net.save(at("net.caffemodel"));
net.close();
mkdirSync(at("photos"));
await sharp({ create: { width: 60, height: 40, channels: 3, background: "rgb(0,0,200)" } })
  .composite([
    {
      input: { create: { width: 15, height: 40, channels: 3, background: "rgb(200,0,0)" } },
      left: 45,
      top: 0,
    },
  ])
  .png()
  .toFile(at("photos/sky.png"));
const model = ["--model", at("deploy.prototxt"), "--weights", at("net.caffemodel")];

async function pixel(path: string, x: number, y: number): Promise<number[]> {
  const { data, info } = await sharp(path).raw().toBuffer({ resolveWithObject: true });
  return [...data.subarray((y * info.width + x) * info.channels).subarray(0, info.channels)];
}

test("prints what is in a picture, and draws it in the classes' colours", async () => {
  writeFileSync(at("names.txt"), "blue\ngreen\nred\n");
  const { status, stdout, stderr } = await caffeHere([
    "segment",
    at("photos"),
    ...model,
    "--labels",
    at("names.txt"),
    "--format=png,colours,labels,json",
    "--output",
    at("out"),
  ]);
  expect(stderr).toContain("warped to 40×60");
  expect(status).toBe(0);
  expect(stdout).toBe(
    `${at("photos/sky.png")} (60×40), drawn in ${at("out/sky.segmented.png")}\n   75.0 %  blue\n   25.0 %  red\n`,
  );
  // Class 2 is green in VOC's colours; black, of class 0, covers nothing.
  expect(await pixel(at("out/sky.colours.png"), 50, 30)).toEqual([0, 128, 0]);
  expect((await sharp(at("out/sky.labels.png")).metadata()).channels).toBe(1);
  expect((await pixel(at("out/sky.labels.png"), 50, 30))[0]).toBe(2);
  expect((await pixel(at("out/sky.labels.png"), 10, 39))[0]).toBe(0);
  expect(await pixel(at("out/sky.segmented.png"), 50, 39)).toEqual([80, 77, 0]);
  expect(await pixel(at("out/sky.segmented.png"), 10, 39)).toEqual([0, 0, 200]);
  const [result] = JSON.parse(readFileSync(at("out/segments.json"), "utf8"));
  expect(result).toMatchObject({ width: 60, height: 40 });
  expect(result.classes).toEqual([
    { label: 0, name: "blue", pixels: 1800, share: 0.75 },
    { label: 2, name: "red", pixels: 600, share: 0.25 },
  ]);
});

test("takes a palette, and leaves its own pictures out", async () => {
  writeFileSync(at("palette.txt"), "1 2 3\n0 0 0\n10, 20, 30\n");
  const args = ["segment", at("photos"), ...model, "--palette", at("palette.txt")];
  expect((await caffeHere([...args, "--format=colours"])).status).toBe(0);
  expect(await pixel(at("photos/sky.colours.png"), 50, 30)).toEqual([10, 20, 30]);
  const { stdout } = await caffeHere([...args, "--json", "--format=none"]);
  expect(JSON.parse(stdout)).toHaveLength(1);
  expect(existsSync(at("photos/sky.segmented.png"))).toBe(false);
  const city = [
    ...args.slice(0, -2),
    "--palette=cityscapes",
    "--format=colours",
    "--labels=cityscapes",
  ];
  expect((await caffeHere(city)).stderr).toMatch(/19 names of classes for a net of 3/);
});

test("says in one line what is wrong", async () => {
  const said = async (...args: string[]): Promise<string> =>
    (await caffeHere(["segment", at("photos/sky.png"), ...args])).stderr;
  expect(await said()).toContain("Need a model definition");
  expect(await said(...model, "--net_output=prob")).toMatch(/has no blob "prob"/);
  expect(await said(...model, "--format=gif")).toMatch(
    /Expected some of png, colours, labels, json, or none/,
  );
  writeFileSync(at("bad.txt"), "1 2 3\n4 5\n");
  expect(await said(...model, "--palette", at("bad.txt"))).toMatch(
    /bad\.txt:2: "4 5"\. Expected red, green and blue/,
  );
  expect(await said(...model, "--palette=none.txt")).toMatch(/no such file/);
});
