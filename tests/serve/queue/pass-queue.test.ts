import { expect, test, vi } from "vitest";
import type { Answer, Question } from "../../../src/serve/models/messages.ts";
import type { ModelHost } from "../../../src/serve/models/model-host.ts";
import type { ModelFacts } from "../../../src/serve/models/model-plan.ts";
import { Dispatcher } from "../../../src/serve/queue/dispatcher.ts";
import { type Client, PassQueue } from "../../../src/serve/queue/pass-queue.ts";

/** A model that answers with its inputs when the test lets it. */
class SlowModel implements ModelHost {
  readonly facts: ModelFacts;
  readonly rows: number[] = [];
  readonly waiting: (() => void)[] = [];
  isClosed = false;

  constructor(passTime = 1) {
    this.facts = {
      ...{ netName: "slow", maxBatch: 4, labels: [], threads: 1, joinsPictures: false, passTime },
      inputs: [{ name: "data", shape: [1, 1] }],
      outputs: [{ name: "data", shape: [1, 1] }],
    };
  }

  ask({ inputs, rows }: Question): Promise<{ answer: Answer; milliseconds: number }> {
    this.rows.push(rows);
    return new Promise((resolve) => {
      this.waiting.push(() => resolve({ answer: { outputs: inputs }, milliseconds: 1 }));
    });
  }

  async close(): Promise<void> {
    this.isClosed = true;
  }
}

const question = (value: number): Question => ({
  inputs: { data: { shape: [1, 1], data: Float32Array.of(value) } },
  rows: 1,
});
const here: Client = { whenGone: () => () => undefined };
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function queueOf(
  limits: { maxQueue?: number; maxDelay?: number; timeout?: number },
  passTime = 1,
  places = 1,
) {
  const dispatcher = new Dispatcher(places);
  const all = { maxQueue: 10, maxDelay: 0, timeout: 5000, ...limits };
  const queue = new PassQueue(all, () => {}, dispatcher.wake);
  dispatcher.add(queue);
  const model = new SlowModel(passTime);
  queue.use(1, model);
  const value = async (n: number, client = here): Promise<number | undefined> =>
    (await queue.ask(question(n), client)).outputs["data"]?.data[0];
  return { queue, model, value };
}

test("those that come while a pass runs share the next, and each gets its own", async () => {
  const { model, value } = queueOf({});
  const first = value(1);
  await turn();
  const answers = [first, ...[2, 3, 4, 5, 6].map((n) => value(n))];
  model.waiting.shift()?.();
  await turn();
  await turn();
  expect(model.rows).toEqual([1, 4]);
  model.waiting.shift()?.();
  await turn();
  await turn();
  model.waiting.shift()?.();
  expect(await Promise.all(answers)).toEqual([1, 2, 3, 4, 5, 6]);
  expect(model.rows).toEqual([1, 4, 1]);
});

test("those that come at once share a pass, in one of a power of two where rows of nothing cost as much as others", async () => {
  const { model, value } = queueOf({});
  const answers = [1, 2, 3].map((n) => value(n));
  await turn();
  expect(model.rows).toEqual([2]);
  model.waiting.shift()?.();
  await turn();
  await turn();
  model.waiting.shift()?.();
  expect(await Promise.all(answers)).toEqual([1, 2, 3]);
  const short = queueOf({}, 0.1);
  const together = [1, 2, 3].map((n) => short.value(n));
  await turn();
  expect(short.model.rows).toEqual([3]);
  short.model.waiting.shift()?.();
  expect(await Promise.all(together)).toEqual([1, 2, 3]);
});

test("a short pass of who has been alone begins at once; where others came with it, the next are gathered again", async () => {
  const { model, value } = queueOf({}, 0.1);
  await turn();
  const answers = [value(1)];
  expect(model.rows).toEqual([1]);
  answers.push(value(2), value(3));
  model.waiting.shift()?.();
  await turn();
  await turn();
  expect(model.rows).toEqual([1, 2]);
  model.waiting.shift()?.();
  await turn();
  answers.push(value(4));
  expect(model.rows).toEqual([1, 2]);
  await turn();
  expect(model.rows).toEqual([1, 2, 1]);
  model.waiting.shift()?.();
  expect(await Promise.all(answers)).toEqual([1, 2, 3, 4]);
  const long = queueOf({});
  await turn();
  const late = long.value(1);
  expect(long.model.rows).toEqual([]);
  await turn();
  long.model.waiting.shift()?.();
  expect(await late).toBe(1);
});

test("more than may wait are told to come again, and who takes too long is given up", async () => {
  const { model, queue, value } = queueOf({ maxQueue: 2, timeout: 30 });
  const running = value(1);
  await turn();
  const waiting = [value(2), value(3)];
  await expect(value(4)).rejects.toMatchObject({ status: 429, headers: { "retry-after": "1" } });
  for (const late of [running, ...waiting])
    await expect(late).rejects.toMatchObject({ status: 504 });
  expect(queue.length).toBe(0);
  model.waiting.shift()?.();
  await turn();
  const next = value(5);
  await turn();
  model.waiting.shift()?.();
  expect(await next).toBe(5);
});

test("who leaves no longer waits", async () => {
  const { model, queue, value } = queueOf({});
  const running = value(1);
  await turn();
  let leave = (): void => undefined;
  const leaver: Client = {
    whenGone(act) {
      leave = act;
      return () => undefined;
    },
  };
  const left = value(2, leaver);
  leave();
  await expect(left).rejects.toMatchObject({ status: 499 });
  expect(queue.length).toBe(0);
  model.waiting.shift()?.();
  expect(await running).toBe(1);
  expect(model.rows).toEqual([1]);
});

test("with a delay the first waits for others, but no longer than that", async () => {
  const { model, value } = queueOf({ maxDelay: 40 });
  const answers = [value(1), value(2)];
  await turn();
  expect(model.rows).toEqual([]);
  answers.push(value(3), value(4));
  await turn();
  // As many as run at once do not wait.
  expect(model.rows).toEqual([4]);
  model.waiting.shift()?.();
  expect(await Promise.all(answers)).toEqual([1, 2, 3, 4]);
  const from = performance.now();
  const alone = value(5);
  while (model.waiting.length === 0) await turn();
  expect(performance.now() - from).toBeGreaterThan(38);
  model.waiting.shift()?.();
  expect(await alone).toBe(5);
});

test("a new version answers who waits, and the one before ends what it is at", async () => {
  const { queue, model, value } = queueOf({});
  const running = value(1);
  await turn();
  const waiting = queue.ask(question(2), here);
  const next = new SlowModel();
  queue.use(2, next);
  expect(model.isClosed).toBe(false);
  model.waiting.shift()?.();
  expect(await running).toBe(1);
  await turn();
  expect(model.isClosed).toBe(true);
  await turn();
  next.waiting.shift()?.();
  expect(await waiting).toMatchObject({ version: 2 });
  // A thread that ends is not asked any more.
  queue.drop(next);
  expect(queue.isReady).toBe(false);
  const refused = queue.ask(question(3), here);
  await queue.close(new Error("closed"));
  await expect(refused).rejects.toThrow("closed");
});

test("one that is alone has all cores; several are shared out among passes side by side, as are those that come soon after", async () => {
  let now = 5000;
  const clock = vi.spyOn(performance, "now").mockImplementation(() => now);
  const { queue, model, value } = queueOf({}, 1, 2);
  const beside = [new SlowModel(), new SlowModel()];
  expect(queue.join(2, beside)).toBe(false);
  expect(queue.join(1, beside)).toBe(true);
  const hosts = [model, ...beside];
  const rows = (): number[][] => hosts.map((host) => host.rows.splice(0));
  const settle = async (): Promise<void> => {
    for (const { waiting } of hosts) waiting.shift()?.();
    await turn();
    await turn();
  };
  const alone = value(1);
  await turn();
  expect(rows()).toEqual([[1], [], []]);
  // Who comes meanwhile waits: that pass has all cores.
  const answers = [alone, ...[2, 3, 4, 5].map((n) => value(n))];
  await turn();
  expect(rows()).toEqual([[], [], []]);
  await settle();
  expect(rows()).toEqual([[], [2], [2]]);
  await settle();
  answers.push(value(6));
  await turn();
  expect(rows()).toEqual([[], [1], []]);
  await settle();
  now += 1001;
  answers.push(value(7));
  await turn();
  expect(rows()).toEqual([[1], [], []]);
  await settle();
  expect(await Promise.all(answers)).toEqual([1, 2, 3, 4, 5, 6, 7]);
  // One that has ended is not asked, and all others are closed with the queue.
  queue.drop(beside[0] as SlowModel);
  const last = [value(8), value(9)];
  await turn();
  expect(rows()).toEqual([[], [], [1]]);
  await settle();
  await settle();
  expect(await Promise.all(last)).toEqual([8, 9]);
  await queue.close(new Error("closed"));
  expect(hosts.map(({ isClosed }) => isClosed)).toEqual([true, false, true]);
  clock.mockRestore();
});
