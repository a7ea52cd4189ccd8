import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { createEngines } from "../../src/engines/create.ts";
import { LayerRegistry } from "../../src/layers/registry.ts";
import type { Net } from "../../src/net/net.ts";
import { script } from "../support/cli.ts";
import { availableEngines } from "../support/engines.ts";
import { isLong } from "../support/long.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { checkCase, type Ways, waysOf } from "./nets/check-case.ts";
import { Checker } from "./nets/checker.ts";
import { drawCase } from "./nets/draw-case.ts";
import { describeCase, type FuzzCase } from "./nets/fuzz-case.ts";
import { minimise } from "./nets/minimise.ts";
import { notDrawn, recipes } from "./nets/recipes.ts";
import { runCase } from "./nets/run-case.ts";

const engines = createEngines({ prefer: "reference" });

/** How many nets each engine runs here; a software GPU takes its time. `npm run fuzz:nets` does more. */
const RUNS = isLong
  ? { reference: 60, wasm: 100, native: 300, webgpu: 12 }
  : { reference: 20, wasm: 40, native: 100, webgpu: 4 };

test.each(
  [...availableEngines].map(([name, its]) => [name, RUNS[name as keyof typeof RUNS], its] as const),
)(
  "%s computes %d nets that are drawn at random as the reference in float64 does",
  async (engine, nets, its) => {
    const ways = waysOf(new Map([[engine, its]]));
    for (let number = 0; number < nets; number++) {
      const drawn = drawCase(1701, number);
      const found = await checkCase(drawn, ways);
      if (found) expect.fail(`net ${number}: ${JSON.stringify(found)}\n${describeCase(drawn)}`);
    }
  },
  300_000,
);

test.skipIf(!isLong)(
  "npm run fuzz:nets says how many passed",
  () => {
    const { stdout, stderr } = script(
      "fuzz-nets.ts",
      "--seed=1701",
      "--nets=4",
      "--engines=reference,native",
    );
    expect(stdout, `${stdout}${stderr}`).toMatch(/^4 passed, 0 failed$/m);
  },
  120_000,
);

describe("drawing", () => {
  test("every layer type is drawn, or stands among those that are not", () => {
    expect([...Object.keys(recipes), ...notDrawn].sort()).toEqual([...new LayerRegistry().types]);
  });

  test("a seed and a number give one net", () => {
    expect(drawCase(7, 3)).toEqual(drawCase(7, 3));
    expect(drawCase(7, 4)).not.toEqual(drawCase(7, 3));
    expect(drawCase(8, 3)).not.toEqual(drawCase(7, 3));
  });

  test("what nets should have among them is there", () => {
    const cases = Array.from({ length: 250 }, (_, n) => drawCase(1, n));
    const layers = cases.flatMap(({ param }) => param.layer ?? []);
    const inputs = cases.flatMap(({ passes }) =>
      passes.flatMap((pass) => Object.values(pass.inputs)),
    );
    const values = inputs.flatMap((input) => input.values);
    expect(new Set(layers.map(({ type }) => type)).size).toBe(Object.keys(recipes).length + 1);
    expect(layers.some(({ bottom, top }) => bottom?.[0] === top?.[0])).toBe(true);
    expect(layers.some(({ param }) => param?.[0]?.name)).toBe(true);
    expect(layers.some(({ loss_weight }) => loss_weight?.some((weight) => weight < 0))).toBe(true);
    expect(new Set(inputs.map(({ shape }) => shape.length))).toEqual(
      new Set([0, 1, 2, 3, 4, 5, 6]),
    );
    expect(inputs.some(({ shape }) => shape.includes(0))).toBe(true);
    expect(values.some(Number.isNaN)).toBe(true);
    expect(values.includes(Number.POSITIVE_INFINITY)).toBe(true);
    expect(values.some((x) => Object.is(x, -0))).toBe(true);
    const reshaped = cases.filter(({ passes: [first, ...later] }) =>
      later.some((pass) => JSON.stringify(shapes(pass)) !== JSON.stringify(shapes(first))),
    );
    expect(reshaped.length).toBeGreaterThan(10);
    expect(cases.some(({ passes }) => passes.some((pass) => pass.accumulates))).toBe(true);
  });
});

const shapes = (pass?: FuzzCase["passes"][number]): unknown =>
  Object.values(pass?.inputs ?? {}).map(({ shape }) => shape);

/** The reference with a fault: what TanH gives, or its gradient, is a little off. */
function broken(fault: (net: Net, i: number) => void): Ways {
  const prepare = (net: Net): void => {
    net.afterForward.push((i) => net.layers[i]?.param.type === "TanH" && fault(net, i));
  };
  return new Map([["broken", { engines, prepare }]]);
}

describe("a fault", () => {
  const ways = broken((net, i) => {
    for (const top of net.topBlobs[i] ?? [])
      top.data.forEach((x, at, all) => {
        all[at] = x * 1.0001;
      });
  });
  const withTanH = Array.from({ length: 450 }, (_, n) => drawCase(5, n)).filter(({ param }) =>
    param.layer?.some(({ type }) => type === "TanH"),
  );

  test("of one part in 10,000 is found wherever its layer computes", async () => {
    let found = 0;
    for (const one of withTanH) if (await checkCase(one, ways, "broken")) found++;
    // Of no elements, of zeros and of infinities it cannot be seen, and large nets end in nothing but NaN.
    expect(withTanH.length).toBeGreaterThan(10);
    expect(found).toBeGreaterThan(0.6 * withTanH.length);
  }, 120_000);

  test("ends as the layer alone, and stays the same fault", async () => {
    const drawn = withTanH.find(({ param }) => (param.layer?.length ?? 0) > 8) as FuzzCase;
    const fails = async (one: FuzzCase): Promise<boolean> =>
      (await checkCase(one, ways, "broken")) !== undefined;
    const smallest = await minimise(drawn, fails, (one) => runCase(one, { engines }));
    expect(await fails(smallest)).toBe(true);
    expect(smallest.param.layer?.map(({ type }) => type)).toEqual(["Input", "TanH"]);
    expect(smallest.passes).toHaveLength(1);
    expect(describeCase(smallest)).toContain('type: "TanH"');
  }, 120_000);
});

describe("a process that", () => {
  const folder = temporaryFolder();
  const worker = (name: string, body: string): string => {
    const path = join(folder, `${name}.mjs`);
    writeFileSync(
      path,
      `process.on("message", () => { process.send({ begins: "native" }); ${body} }); process.send({ isReady: true });`,
    );
    return path;
  };

  test.each([
    [
      "crashes",
      "process.kill(process.pid, 'SIGSEGV');",
      { what: "crash", text: "the process ended with SIGSEGV" },
    ],
    ["hangs", "for (;;);", { what: "hang", text: "no end after 1 seconds" }],
  ])("%s is charged to its net, and replaced", async (name, body, found) => {
    const checker = new Checker(["native"], worker(name, body), 1_000);
    for (let n = 0; n < 2; n++) {
      expect(await checker.check(drawCase(1, n))).toEqual({ way: "native", ...found });
    }
    await checker.close();
  });

  test("does not start is told of", async () => {
    const path = join(folder, "none.mjs");
    writeFileSync(path, "process.exit(3);");
    await expect(new Checker(["native"], path).check(drawCase(1, 0))).rejects.toThrow(
      "no worker for native",
    );
  });
});
