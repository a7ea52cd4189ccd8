import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { readNetParameter } from "../../src/io/text/read-net.ts";
import { Net } from "../../src/net/net.ts";
import { checkLayerGradient } from "../../src/net/tools/gradient-check.ts";
import { silent } from "../../src/util/log.ts";
import { caffe } from "../support/cli.ts";
import { referenceEngines } from "../support/engines.ts";
import { noise, write } from "../support/nets.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const page = readFileSync("docs/user-layers.md", "utf8");
const block = (language: string): string =>
  new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``).exec(page)?.[1] ?? "";

const folder = temporaryFolder();
const model = join(folder, "example.prototxt");

beforeAll(() => {
  writeFileSync(model, block("prototxt"));
  writeFileSync(join(folder, "scaling.ts"), block("ts"));
  mkdirSync(join(folder, "node_modules"));
  symlinkSync(resolve("."), join(folder, "node_modules", "caffe-ts"));
});

test("the page's layer runs, learns, and has the right gradient", async () => {
  const net = new Net(readNetParameter(model, silent), {
    engines: referenceEngines,
    phase: "TRAIN",
    dtype: "f64",
  });
  write(net.blob("data"), [1, 2, 3, 4, 5, 6]);
  await net.forward();
  expect([...net.blob("scaled").values()]).toEqual([2, 4, 6, 8, 10, 12]);
  expect(net.learnableParams.map(({ blob }) => [...blob.values()])).toEqual([[2]]);
  const forced = new Net(
    { ...readNetParameter(model, silent), force_backward: true },
    { engines: referenceEngines, phase: "TRAIN", dtype: "f64", root: folder },
  );
  write(forced.blob("data"), noise(6));
  expect(await checkLayerGradient(forced, 1)).toMatchObject({ checked: 7, failures: [] });
});

test("the page's command says so too", () => {
  const [program, ...args] = block("sh").trim().split(" ");
  expect(program).toBe("./bin/caffe");
  const { status, stderr } = caffe(args, folder);
  expect(stderr).toContain("scaled (Python): 7 elements");
  expect(status).toBe(0);
});
