// Passes that begin or end between layers which an engine runs as one, and gradients that somebody looks at there.
import { describe, expect, test } from "vitest";
import type { Blob } from "../../../src/blob/blob.ts";
import type { Engines } from "../../../src/engines/choose.ts";
import type { Net } from "../../../src/net/net.ts";
import { availableEngines } from "../../support/engines.ts";
import { netOf, noise } from "../../support/nets.ts";

const native = availableEngines.get("native");

describe.skipIf(!native)("layers that ran as one come apart", () => {
  const text = (global: boolean, more = ""): string =>
    `force_backward: true layer { name: "in" type: "Input" top: "x" input_param { shape { dim: 4 dim: 3 dim: 5 } } }
    layer { name: "bn" type: "BatchNorm" bottom: "x" top: "y" batch_norm_param { use_global_stats: ${global} } }
    layer { name: "scale" type: "Scale" bottom: "y" top: "y" scale_param { bias_term: true } }
    layer { name: "relu" type: "ReLU" bottom: "y" top: "y" } ${more}`;
  const chains: readonly (readonly [name: string, text: string])[] = [
    ["a batch's statistics", text(false)],
    ["global statistics", text(true)],
    ["in place", text(false).replaceAll('"y"', '"x"')],
    [
      "a sum",
      text(false)
        .replace(/layer \{ name: "bn".*/, "")
        .replace(
          /layer \{ name: "scale".*/,
          `layer { name: "double" type: "Power" bottom: "x" top: "two" power_param { scale: 2 } }
        layer { name: "sum" type: "Eltwise" bottom: "x" bottom: "two" top: "y" }`,
        ),
    ],
    [
      "a result that others overwrite",
      text(
        false,
        'layer { name: "half" type: "Power" bottom: "y" top: "y" power_param { scale: 0.5 } }',
      ),
    ],
  ];
  type Step = (net: Net, relu: number) => Promise<unknown>;
  const forward: Step = (net) => net.forward();
  const backward: Step = (net) => net.backward();
  const look: Step = (net) => Promise.resolve(net.showGradient(net.blob("y")));
  const cuts: readonly (readonly [name: string, steps: readonly Step[]])[] = [
    [
      "before the last",
      [forward, (net, i) => net.backward(undefined, i), (net, i) => net.backward(i - 1)],
    ],
    [
      "behind the first",
      [forward, (net, i) => net.backward(undefined, i - 1), (net, i) => net.backward(i - 2)],
    ],
    ["twice", [forward, backward, (net, i) => net.backward(i - 1), forward, backward]],
    ["where one runs again", [forward, (net, i) => net.forward(i, i), backward]],
    ["where two run again", [forward, (net, i) => net.forward(i - 1), backward]],
    ["where somebody looks at a gradient", [forward, backward, look]],
    ["where somebody goes on looking", [look, forward, backward]],
    [
      "where somebody looks between them",
      [(net) => Promise.resolve(net.runApart()), forward, backward],
    ],
  ];
  const cases = chains.flatMap(([chain, source]) =>
    cuts
      .filter(
        ([cut]) =>
          source.includes('"y"') || (!cut.includes("gradient") && !cut.includes("goes on")),
      )
      .map(([cut, steps]) => ({
        name: `${chain}, ${cut}`,
        source,
        steps,
        isSeen: cut.startsWith("where somebody"),
      })),
  );

  test.each(cases)("$name", async ({ source, steps, isSeen }) => {
    const [fused = {}, apart = {}] = await Promise.all(
      [true, false].map(async (fuse) => {
        const net = netOf(source, { engines: native as Engines, phase: "TRAIN", fuse });
        net.learnableParams.forEach(({ blob }, i) => {
          const values = noise(blob.count(), i);
          blob.assign(values.map((v) => 1 + 0.5 * v));
        });
        net.params.get("bn")?.[2]?.assign(1);
        net.blob("x").assign(noise(60, 3));
        const top = net.blob(net.outputs[0] ?? "");
        for (const step of steps) {
          if (step === backward) top.diffMem.overwriteCpu().set(noise(60, 9));
          await step(net, net.layerNames.indexOf("relu"));
        }
        const seen: Record<string, readonly number[]> = {};
        const see = (name: string, blob: Blob, withDiff: boolean): void => {
          seen[name] = [...blob.values()];
          if (withDiff) seen[`gradient of ${name}`] = [...blob.diffValues()];
        };
        for (const name of net.blobNames) see(name, net.blob(name), name !== "y" || isSeen);
        net.params.forEach((blobs, name) => {
          for (const [i, blob] of blobs.entries()) see(`${name} ${i}`, blob, true);
        });
        return seen;
      }),
    );
    expect(Object.keys(fused)).toEqual(Object.keys(apart));
    for (const [name, values] of Object.entries(apart)) {
      expect(fused[name] ?? [], name).toBeAllClose(values, { atol: 1e-5, rtol: 1e-4 });
    }
  });
});
