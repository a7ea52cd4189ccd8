// What every layer owes the net: gradients that add up, bottoms left alone that nothing asks for,
// other shapes from pass to pass.
import { describe, expect, test } from "vitest";
import type { Engines } from "../../src/engines/choose.ts";
import type { Net } from "../../src/net/net.ts";
import { LayerError } from "../../src/util/errors.ts";
import { bottomsOf, configurations, type Row } from "../support/configurations.ts";
import { describeEngines } from "../support/engines.ts";
import { layerNet, noise, write } from "../support/nets.ts";

const letter = (i: number): string => String.fromCharCode(97 + i);
const titled = (rows: readonly Row[]): { row: Row; title: string }[] =>
  rows.map((row) => ({ row, title: row.slice(0, 2).join("; ") }));

/** Writes a row's inputs, and noise where it gives none. */
function fill(net: Net, row: Row): void {
  const { shapes, inputs } = bottomsOf(row);
  shapes.forEach((_, i) => {
    const blob = net.blob(letter(i));
    write(blob, inputs[i] ?? noise(blob.count(), 7 + i));
  });
}

/** A net of one layer that has run forward, its tops' gradients written. */
async function opened(type: string, row: Row, engines: Engines): Promise<{ net: Net; at: number }> {
  const net = layerNet(`type: "${type}" ${row[0]}`, bottomsOf(row).shapes, { engines });
  const at = net.layerNames.indexOf("t");
  fill(net, row);
  await net.forward();
  await net.toHost();
  net.topBlobs[at]?.forEach((top, t) => {
    top.diffMem.overwriteCpu().set(noise(top.count(), 50 + t));
  });
  net.clearParamDiffs();
  return { net, at };
}

/** Their bottoms' gradients are their tops', or, in a recurrent layer, are computed whoever asks. */
const UNASKED = ["Flatten", "Reshape", "LSTM", "RNN", "LSTMUnit"];

describeEngines("every layer's backward", (engines) => {
  describe.each(Object.entries(configurations))("%s", (type, rows) => {
    test.each(titled(rows))("adds to the gradients of its parameters: $title", async ({ row }) => {
      const { net, at } = await opened(type, row, engines);
      const tops = net.topBlobs[at] ?? [];
      const given = tops.map((top) => top.diffValues().slice());
      await net.backward(at, at);
      await net.toHost();
      const once = net.learnableParams.map(({ blob }) => blob.diffValues().slice());
      // In place, the top's gradient has become the bottom's.
      tops.forEach((top, t) => {
        top.diffMem.overwriteCpu().set(given[t] ?? []);
      });
      await net.backward(at, at);
      await net.toHost();
      net.learnableParams.forEach(({ blob }, i) => {
        const twice = Array.from(once[i] ?? [], (x) => 2 * x);
        expect(blob.diffValues()).toBeAllClose(twice, { rtol: 1e-5, atol: 1e-5 });
      });
    });

    test.each(UNASKED.includes(type) ? [] : titled(rows))(
      "leaves alone what nobody asks for: $title",
      async ({ row }) => {
        const { net, at } = await opened(type, row, engines);
        const [bottoms, tops] = [net.bottomBlobs[at] ?? [], net.topBlobs[at] ?? []];
        if (tops.some((top) => bottoms.some((bottom) => top.diffMem === bottom.diffMem))) return;
        net.layers[at]?.paramPropagateDown.fill(false);
        (net.bottomNeedsBackward[at] as boolean[]).fill(false);
        for (const bottom of bottoms) bottom.diffMem.overwriteCpu().fill(9);
        for (const { blob } of net.learnableParams) blob.diffMem.overwriteCpu().fill(9);
        await net.backward(at, at);
        await net.toHost();
        for (const bottom of [...bottoms, ...net.learnableParams.map(({ blob }) => blob)]) {
          expect(bottom.diffValues().every((dx) => dx === 9)).toBe(true);
        }
      },
    );
  });
});

describeEngines("every layer", (engines) => {
  let followed = 0;

  test.each(Object.entries(configurations))(
    "%s follows its bottoms to a larger batch and back",
    async (type, rows) => {
      for (const row of rows) {
        const { net, at } = await opened(type, row, engines);
        // A top that nobody named stays where it was computed: on a GPU perhaps.
        const named = new Set(net.blobs.values());
        const tops = (net.topBlobs[at] ?? []).filter((top) => named.has(top));
        const values = (): number[][] => tops.map((top) => [...top.values()]);
        // Random layers draw other numbers in another pass.
        if (net.layers[at]?.state()) continue;
        const want = values();
        const { shapes } = bottomsOf(row);
        const reshape = (factor: number): void => {
          shapes.forEach(([first = 1, ...others], i) => {
            net.blob(letter(i)).reshape([factor * first, ...others]);
          });
          net.reshape();
        };
        try {
          reshape(2);
        } catch (error) {
          // A first axis that is no batch may not change.
          expect(error).toBeInstanceOf(LayerError);
          continue;
        }
        shapes.forEach((_, i) => {
          write(net.blob(letter(i)), new Array<number>(net.blob(letter(i)).count()).fill(1));
        });
        await net.forward();
        await net.backward(at, at);
        await net.toHost();
        reshape(1);
        fill(net, row);
        await net.forward();
        await net.toHost();
        values().forEach((got, t) => {
          expect(got, row[0]).toBeAllClose(want[t] ?? [], { rtol: 1e-5, atol: 1e-6 });
        });
        followed++;
      }
    },
  );

  test("most of them do", () => {
    expect(followed).toBeGreaterThan(150);
  });
});
