// Passes of one net that are begun at once: net/run/net-turn.ts and what it guards.
import { setTimeout as pause } from "node:timers/promises";
import { expect, test } from "vitest";
import { Blob } from "../../../src/blob/blob.ts";
import type { Blobs } from "../../../src/layers/base/layer.ts";
import { Layer } from "../../../src/layers/base/layer.ts";
import { LayerRegistry } from "../../../src/layers/registry.ts";
import { Net } from "../../../src/net/net.ts";
import { Loss } from "../../../src/net/run/loss.ts";

/** Passes its bottom on, and waits a moment before it: so passes of one net would meet in it. */
class SlowLayer extends Layer {
  static override readonly type = "Slow";
  override ready(): Promise<void> {
    return pause(1);
  }
  override reshape([bottom]: Blobs, [top]: Blobs): void {
    if (bottom) top?.reshapeLike(bottom);
  }
  override forward([bottom]: Blobs, [top]: Blobs): void {
    if (bottom?.values().includes(-1)) this.fail("it was given -1.");
    top?.assign(bottom ?? 0);
  }
  override backward([top]: Blobs, _down: readonly boolean[], [bottom]: Blobs): void {
    bottom?.diffMem.overwriteCpu().set(top?.diffValues() ?? []);
  }
}

/** y = 2x + 1. */
const TEXT = `name: "slow" force_backward: true
  layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 1 dim: 1 } } }
  layer { name: "double" type: "Power" bottom: "x" top: "a" power_param { scale: 2 } }
  layer { name: "slow" type: "Slow" bottom: "a" top: "b" }
  layer { name: "add" type: "Power" bottom: "b" top: "y" power_param { shift: 1 } }`;

const registry = new LayerRegistry().with(SlowLayer);
const slow = (): Net => Net.parse(TEXT, { registry });
type Y = Record<"y", Blob>;
const rows = (...values: number[]): { x: { shape: number[]; data: number[] } } => ({
  x: { shape: [values.length, 1], data: values },
});
const settled = async (passes: readonly Promise<unknown>[]): Promise<unknown[]> =>
  (await Promise.allSettled(passes)).map((one) =>
    one.status === "rejected" ? one.reason.message : one.value,
  );

test("each of many passes begun at once gives what it gives alone, of its own shape", async () => {
  const net = slow();
  const given = Array.from({ length: 10 }, (_, i) => Array.from({ length: (i % 3) + 1 }, () => i));
  const passes = given.map((one) => net.forward<"y">(rows(...one)));
  const results = await Promise.all(passes);
  expect(results.map(({ y }) => y.toArray())).toEqual(
    given.map((one) => one.map((x) => [2 * x + 1])),
  );
});

test("what a pass gives stays when the next runs, and when the net is closed", async () => {
  const net = slow();
  const { y } = await net.forward<"y">(rows(1));
  await net.forward(rows(10));
  expect(net.blob("y").toArray()).toEqual([[21]]);
  const { x } = await net.backward<"x">({ y: [7] });
  await net.backward({ y: [8] });
  const [output] = await net.outputValues();
  net.close();
  expect([y.toArray(), x.toArray("diff"), x.toArray()]).toEqual([[[3]], [[14]], [[10]]]);
  expect(Array.from(output?.values ?? [])).toEqual([21]);
});

test("arrays may be used again as soon as they are given", async () => {
  const net = slow();
  const x = Float32Array.of(1);
  const [lists, blob] = [[[2]], Blob.from([[3]])];
  const buffer = Buffer.from([4]);
  const passes: Promise<Y>[] = [{ x }, { x: lists }, { x: blob }, { x: buffer }].map((one) =>
    net.forward<"y">(one),
  );
  const all = net.forwardAll<"y">({ x: { shape: [1, 1], data: x } });
  x[0] = 100;
  (lists[0] as number[])[0] = 100;
  blob.set([0, 0], 100);
  buffer[0] = 100;
  const results = [...(await Promise.all(passes)), await all];
  expect(results.map(({ y }) => y.at(0, 0))).toEqual([3, 5, 7, 9, 3]);
});

test("all batches of forwardAll are one turn; so is forward with backward", async () => {
  const net = slow();
  const all = (from: number): Promise<Y> =>
    net.forwardAll<"y">(rows(...Array.from({ length: 5 }, (_, i) => from + i)));
  const ran: string[] = [];
  net.beforeForward.push((i) => i === 0 && ran.push("forward"));
  net.afterBackward.push((i) => i === 0 && ran.push("backward"));
  const [one, other, both] = await Promise.all([
    all(0),
    all(10),
    net.forwardBackwardAll(rows(1, 2), { y: [[3], [4]] }),
    net.forwardBackward(),
    net.forward(),
  ]);
  expect(Array.from(one.y.values())).toEqual([1, 3, 5, 7, 9]);
  expect(Array.from(other.y.values())).toEqual([21, 23, 25, 27, 29]);
  expect(both.blobs["y"]?.toArray()).toEqual([[3], [5]]);
  expect(both.diffs["x"]?.toArray()).toEqual([[6], [8]]);
  expect(ran.slice(10)).toEqual([
    ..."forward backward forward backward forward backward forward".split(" "),
  ]);
});

test("a pass that fails holds up no other", async () => {
  const net = slow();
  const results = await settled([
    net.forward<"y">(rows(1)).then(({ y }) => y.at(0, 0)),
    net.forward(rows(-0.5)),
    net.forward({ none: [1] }),
    net.forward({ x: [[1], [2, 3]] } as never),
    net.forwardAll({}),
    net.forward<"y">(rows(2)).then(({ y }) => y.at(0, 0)),
  ]);
  expect(results).toEqual([
    3,
    'layer "slow" (Slow): it was given -1.',
    expect.stringContaining('has no input "none"'),
    expect.stringContaining("lists within lists"),
    expect.stringContaining("no samples"),
    5,
  ]);
});

test("close ends the pass under way and those that wait, each with an error", async () => {
  const net = slow();
  const passes = [net.forward(rows(1)), net.forward(rows(2)), net.forwardAll(rows(3, 4))];
  net.close();
  const results = await settled([...passes, net.forward(rows(5))]);
  expect(results[0]).toContain("was a pass not awaited before close");
  for (const one of results.slice(1))
    expect(one).toBe('net "slow" is closed. Expected one in use.');
});

test("what does not wait is refused while a pass is under way", async () => {
  const net = slow();
  const [pass, waiting] = [net.forward(rows(1)), net.forward(rows(2))];
  const other = slow();
  for (const now of [
    () => net.forwardNow(),
    () => net.backwardNow(),
    () => net.reshape(),
    () => net.copyFrom([]),
    () => net.shareWith(other),
  ]) {
    expect(now).toThrow("a pass of the net is under way. Expected it to have been awaited");
  }
  await Promise.all([pass, waiting]);
  net.reshape();
  net.shareWith(other);
});

test("a layer or its callback that asks for a pass of its own net is told so; nothing waits for ever", async () => {
  const net = slow();
  const own = 'a pass of net "slow" is asked for by one of its own layers or layer callbacks';
  const ask = (): void => void net.forward(rows(1));
  for (const callbacks of [net.beforeForward, net.afterForward]) {
    callbacks.push(ask);
    await expect(net.forward()).rejects.toThrow(own);
    callbacks.pop();
  }
  for (const callbacks of [net.beforeBackward, net.afterBackward]) {
    callbacks.push(ask);
    await expect(net.backward()).rejects.toThrow(own);
    callbacks.pop();
  }
  net.afterForward.push(() => net.forwardNow(0, 1));
  await expect(net.forward()).rejects.toThrow("a pass of the net is under way");
  net.afterForward.pop();
  const layer = net.layer("slow");
  layer.ready = async () => {
    await net.forwardAll(rows(1));
  };
  await expect(net.forward()).rejects.toThrow(own);
  layer.ready = () => undefined;
  expect((await net.forward<"y">(rows(4))).y.at(0, 0)).toBe(9);
});

test("a layer callback that returns a promise is refused; one that takes itself out makes none miss", async () => {
  const net = slow();
  const seen: string[] = [];
  const once = (i: number): void => {
    seen.push(`once ${i}`);
    net.afterForward.splice(net.afterForward.indexOf(once), 1);
  };
  net.afterForward.push(once, (i) => seen.push(`always ${i}`));
  await net.forward(0, 1);
  expect(seen).toEqual(["once 0", "always 0", "always 1"]);
  net.beforeForward.push((async () => {
    await pause(1);
    throw new Error("nobody waits for it");
  }) as () => void);
  await expect(net.forward()).rejects.toThrow("callback of the net's layers returned a promise");
  net.beforeForward.pop();
  await net.forward();
});

test("several passes and what is read between them are one turn", async () => {
  const net = slow();
  const turn = net.inTurn(async (passes) => {
    net.blob("x").assign(1);
    await passes.forward(new Loss());
    net.blob("x").assign(net.blob("y"));
    await passes.forward(new Loss());
    return net.blob("y").at(0, 0);
  });
  expect([await turn, (await net.forward<"y">(rows(5))).y.at(0, 0)]).toEqual([7, 11]);
});

test("nets with shared weights run at once", async () => {
  const [one, other] = [slow(), slow()];
  other.shareWith(one);
  const order: string[] = [];
  one.afterForward.push((i) => order.push(`one ${i}`));
  other.afterForward.push((i) => order.push(`other ${i}`));
  const [a, b] = await Promise.all([one.forward<"y">(rows(1)), other.forward<"y">(rows(2))]);
  expect([a.y.at(0, 0), b.y.at(0, 0)]).toEqual([3, 5]);
  expect(order.indexOf("other 0")).toBeLessThan(order.indexOf("one 3"));
});

test("runs of many batches keep float64, and stacked arrays too", async () => {
  const net = Net.parse(TEXT.replace('"Slow"', '"Power"'), { dtype: "f64" });
  const x = 1 + 2 ** -40;
  const stacked = [x, x, x].map((value) => ({ shape: [1], data: [value] }));
  for (const values of [[[x], [x], [x]], stacked]) {
    const { blobs, diffs } = await net.forwardBackwardAll({ x: values }, { y: values });
    expect(blobs["y"]?.toArray()).toEqual([[2 * x + 1], [2 * x + 1], [2 * x + 1]]);
    expect(diffs["x"]?.toArray()).toEqual([[2 * x], [2 * x], [2 * x]]);
  }
});

test("a bad name among the gradients of many batches is an error of the caller's", async () => {
  await expect(slow().forwardBackwardAll(rows(1, 2), { none: [[1], [2]] })).rejects.toThrow(
    'has no blob "none"',
  );
});
