// A run that trains and is looked at by real clients: every view, and what the buttons do in the solver.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type {
  Batch,
  Done,
  Graph,
  Histograms,
  RunFacts,
  RunFiles,
  RunList,
  Same,
  Schedule,
  TestView,
  View,
  Weights,
} from "../../src/dashboard/api.ts";
import { openDashboard } from "../../src/dashboard/server.ts";
import { silent } from "../../src/util/log.ts";
import { addEvent, json, type Live, live, liveSolver, SOLVER, viewOf } from "./live.ts";

const post = ({ ask, run }: Live, what: string, body: unknown = {}): Promise<Response> =>
  ask(`${run}/${what}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });

/** The bytes of a picture, which has to be a PNG of that size. */
function pngSize(url: string): readonly number[] {
  expect(url).toMatch(/^data:image\/png;base64,/);
  const bytes = Buffer.from(url.slice(url.indexOf(",") + 1), "base64");
  expect(bytes.toString("latin1", 1, 4)).toBe("PNG");
  return [bytes.readUInt32BE(16), bytes.readUInt32BE(20)];
}

test("facts, files, log, events and schedule come from the record", async () => {
  await using one = await live();
  const { ask, run } = one;
  const { runs, first } = await json<RunList>(ask("/api/runs"));
  expect(runs).toMatchObject([
    { state: "live", net: "<b>net</b>", maxIter: 4000, startedAt: 1000 },
  ]);
  expect(first).toBe(runs[0]?.id);
  const facts = await json<RunFacts>(ask(run));
  expect(facts).toMatchObject({ canSteer: true, rateFactor: 1, command: ["caffe", "train"] });
  expect(facts.environment).toMatchObject({ caffe: "0", engines: "reference" });
  expect(facts.views).toEqual(["graph", "weights", "histograms", "batch", "test"]);
  const { files } = await json<RunFiles>(ask(`${run}/files`));
  expect(files).toEqual([{ name: "solver.prototxt", text: SOLVER }]);
  expect(await json(ask(`${run}/log`))).toEqual({
    text: "I first line\nI second line\n",
    from: 0,
    next: 27,
  });
  expect(await json(ask(`${run}/log?since=13`))).toEqual({
    text: "I second line\n",
    from: 13,
    next: 27,
  });
  addEvent(one.folder, { type: "test", time: 2, iter: 9, net: 0, scores: { accuracy: "NaN" } });
  const events = await json<{ events: object[] }>(ask(`${run}/events?since=1`));
  expect(events).toMatchObject({ events: [{ iter: 9 }], next: 2, isMore: false });
  const schedule = await json<Schedule>(ask(`${run}/schedule`));
  expect(schedule).toMatchObject({ policy: "step" });
  const rateAt = (iter: number): number | undefined =>
    schedule.points.find((point) => point.iter === iter)?.rate;
  expect([999, 1000, 4000].map((iter) => Number(rateAt(iter)?.toPrecision(4)))).toEqual([
    1e-4, 1e-5, 1e-8,
  ]);
});

test("the net, layer by layer, with times, shapes and what is fused", async () => {
  await using one = await live();
  const { view, isKept } = await viewOf<Graph>(one, "graph");
  expect(isKept).toBe(false);
  expect(view.net).toBe("<b>net</b>");
  const conv = view.layers.find(({ type }) => type === "Convolution");
  expect(conv).toMatchObject({
    ...{ name: "<script>alert(1)</script>", role: "learned", parameters: 140, hasBackward: true },
    ...{ topShapes: [[4, 5, 4, 3]], parameterShapes: [[5, 3, 3, 3], [5]], topBytes: 960 },
  });
  expect(conv?.forwardMs).toBeGreaterThan(0);
  expect(conv?.backwardMs).toBeGreaterThan(0);
  expect(view.totalMs?.forward).toBeGreaterThan(conv?.forwardMs ?? 0);
  expect(view.parameterBytes).toBe(
    4 * view.layers.reduce((sum, layer) => sum + layer.parameters, 0),
  );
});

test("weights as pictures, filters of three channels in colour", async () => {
  await using one = await live();
  const { view } = await viewOf<Weights>(one, "weights");
  expect(view.parameters.map(({ index, shape }) => [index, shape])).toEqual([
    [0, [5, 3, 3, 3]],
    [1, [5]],
    [0, [3, 60]],
    [1, [3]],
  ]);
  const [filters, bias, matrix] = view.parameters;
  expect(filters?.about).toBe("all 5 filters");
  expect(pngSize(filters?.picture?.url ?? "")).toEqual([11, 7]);
  expect(bias?.picture).toBeUndefined();
  expect(matrix?.about).toBe("all 3 rows, all 60 columns");
  expect(pngSize(matrix?.picture?.url ?? "")).toEqual([60, 3]);
  expect(matrix?.spread).toMatchObject({ count: 180, looked: 180, bad: 0 });
  expect(matrix?.spread.bins.reduce((sum, count) => sum + count)).toBe(180);
});

test("histograms of weights, gradients and activations grow while somebody asks", async () => {
  // So slow that there is always something left to learn.
  await using one = await live(liveSolver('base_lr: 1e-12 lr_policy: "fixed"'));
  const first = await viewOf<Histograms>(one, "histograms");
  const kinds = first.view.arrays.map(({ kind, name }) => `${kind} ${name}`);
  expect(kinds).toContain("gradients ip[0]");
  expect(kinds).toContain("weights <script>alert(1)</script>[1]");
  expect(kinds).toContain("activations conv");
  const conv = first.view.arrays.find(({ name }) => name === "conv");
  // After the layer in place: nothing is negative.
  expect(conv?.samples[0]?.spread).toMatchObject({ count: 240, looked: 240 });
  expect(Number(conv?.samples[0]?.spread.min)).toBe(0);
  const gradient = first.view.arrays.find(
    ({ kind, name }) => kind === "gradients" && name === "ip[0]",
  );
  expect(gradient?.samples[0]?.spread.zeros).toBeLessThan(180);
  expect(first.view.every).toBeGreaterThanOrEqual(2);
  let later = await viewOf<Histograms>(one, `histograms?since=${first.iter}`);
  while (later.iter === first.iter)
    later = await viewOf<Histograms>(one, `histograms?since=${first.iter}`);
  for (const { samples } of later.view.arrays) {
    expect(samples.every(({ iter }) => iter > first.iter)).toBe(true);
    expect(samples).toHaveLength(1);
  }
});

test("the batch as the net sees it, with labels and their names", async () => {
  await using one = await live();
  const { view } = await viewOf<Batch>(one, "batch");
  expect(view).toMatchObject({
    layer: "data",
    shape: [4, 3, 6, 5],
    about: "as the data layer gives it",
  });
  expect(view.records).toHaveLength(4);
  for (const { labels, name, picture, boxes } of view.records) {
    expect([labels, name, boxes]).toEqual([[1], "<i>one</i>", []]);
    expect(pngSize(picture?.url ?? "")).toEqual([5, 6]);
  }
});

const TESTING = `${SOLVER} test_iter: 3 test_interval: 10`;

test("the next test is looked at: confusion and the surest mistakes", async () => {
  await using one = await live(liveSolver(TESTING), TESTING);
  const waiting = await json<View<TestView>>(one.ask(`${one.run}/test`));
  expect(waiting).toMatchObject({ state: "waiting" });
  const { view } = await viewOf<TestView>(one, "test");
  const [net] = view.nets;
  const { classes } = net ?? {};
  expect(classes?.records).toBe(12);
  expect(classes?.names).toEqual(["class 0", "<i>one</i>", "class 2"]);
  // All are of class 1: its row has every record.
  expect(classes?.confusion.map((row) => row.reduce((sum, count) => sum + count, 0))).toEqual([
    0, 12, 0,
  ]);
  expect(classes?.confusion[1]?.[1]).toBe(classes?.right);
  expect(Number(net?.scores["accuracy"])).toBeCloseTo((classes?.right ?? 0) / 12, 5);
  const shares = classes?.worst.map(({ confidence }) => confidence) ?? [];
  expect(shares).toEqual([...shares].sort((a, b) => b - a));
  for (const { label, guess, picture } of classes?.worst ?? []) {
    expect(label).toBe(1);
    expect(guess).not.toBe(1);
    expect(pngSize(picture?.url ?? "")).toEqual([5, 6]);
  }
});

test("what a page knows is not sent again, nor drawn again, until it is another", async () => {
  await using one = await live(liveSolver(TESTING), TESTING);
  for (const name of ["graph", "weights", "batch", "test"]) {
    const { stamp } = await viewOf(one, name);
    const again = await json<View<unknown> | Same>(one.ask(`${one.run}/${name}?known=${stamp}`));
    // A run that trains may have got on meanwhile.
    if (again.state !== "same") expect(again).toMatchObject({ state: "there" });
    const other = await json<View<unknown>>(one.ask(`${one.run}/${name}?known=${stamp - 1}`));
    expect(other.state).toBe("there");
  }
  one.solver.request("stop");
  await one.training;
  for (const name of ["weights", "test"]) {
    const { stamp } = await viewOf(one, name);
    expect(await json(one.ask(`${one.run}/${name}?known=${stamp}`))).toEqual({ state: "same" });
  }
});

test("the buttons do in the solver what they say", async () => {
  await using one = await live();
  const { solver } = one;
  const rate = await post(one, "rate", { factor: 0.5 });
  expect(rate.status).toBe(200);
  expect((await json<Done>(Promise.resolve(rate))).message).toContain("multiplied by 0.5");
  const base = solver.iter;
  while (solver.rateFactor !== 0.5) await new Promise((resolve) => setTimeout(resolve, 5));
  expect(solver.iter).toBeGreaterThanOrEqual(base);
  const snapshots: string[] = [];
  solver.callbacks.push({ onSnapshot: (path) => void snapshots.push(path) });
  expect((await post(one, "snapshot")).status).toBe(200);
  while (snapshots.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  expect(existsSync(snapshots[0] ?? "")).toBe(true);
  expect((await post(one, "stop")).status).toBe(200);
  await one.training;
  expect(solver.stoppedEarly).toBe(true);
  addEvent(one.folder, { type: "stop", time: 3, iter: solver.iter, reason: "asked" });
  const late = await post(one, "stop");
  expect([late.status, await late.json()]).toMatchObject([
    409,
    { error: expect.stringContaining("steered") },
  ]);
});

test.each([
  ["rate", { factor: 0 }, 400],
  ["rate", { factor: "1" }, 400],
  ["rate", {}, 400],
  ["rate", "[1]", 400],
  ["rate", "{", 400],
  ["rate", `{"factor": 1, "x": "${"y".repeat(70_000)}"}`, 413],
  ["nothing", {}, 404],
])("%s with %j is refused (%i)", async (what, body, status) => {
  await using one = await live();
  const answer = await post(one, what, body);
  expect(answer.status).toBe(status);
  expect((await answer.json()) as object).toHaveProperty("error");
  expect(one.solver.rateFactor).toBe(1);
});

test("events stream as they come, to two windows at once; one leaves and the other goes on", async () => {
  await using one = await live();
  const controller = new AbortController();
  const open = async (
    init: RequestInit = {},
    path = "stream?since=1",
  ): Promise<() => Promise<string>> => {
    const response = await one.ask(`${one.run}/${path}`, init);
    const reader = response.body?.getReader();
    return async () => new TextDecoder().decode((await reader?.read())?.value);
  };
  const [first, second] = [await open({ signal: controller.signal }), await open()];
  addEvent(one.folder, { type: "snapshot", time: 5, iter: 7, state: "s_iter_7.solverstate" });
  const wanted =
    'id: 2\nevent: events\ndata: {"events":[{"type":"snapshot","time":5,"iter":7,"state":"s_iter_7.solverstate"}],"next":2,"isMore":false}\n\n';
  expect(await first()).toBe(wanted);
  expect(await second()).toBe(wanted);
  controller.abort();
  addEvent(one.folder, { type: "rate", time: 6, iter: 8, rate: 0.1, factor: 2 });
  expect(await second()).toContain('"factor":2');
  expect((await json<RunFacts>(one.ask(one.run))).rateFactor).toBe(2);
  // A browser that comes again by itself says what it had.
  const third = await open({ headers: { "last-event-id": "2" } });
  expect(await third()).toContain('"next":3');
  // The end is told too, and then the stream ends.
  addEvent(one.folder, { type: "stop", time: 7, iter: 9, reason: "done" });
  one.solver.request("stop");
  await one.training;
  await one.dashboard.close();
  expect(await second()).toContain('"reason":"done"');
});

test("many windows ask at once and training goes on as if nobody did", async () => {
  using alone = liveSolver();
  await alone.step(40);
  const weights = (solver: typeof alone): number[] =>
    solver.net.learnableParams.flatMap(({ blob }) => [...blob.values()]);
  const watched = liveSolver();
  watched.callbacks.push({
    onIteration: ({ iter }, solver) => (iter === 40 ? solver.request("stop") : undefined),
  });
  await using one = await live(watched);
  const names = ["graph", "weights", "histograms", "batch", "graph", "weights"];
  const views = await Promise.all(names.map((name) => one.ask(`${one.run}/${name}`)));
  expect(views.map(({ status }) => status)).toEqual(names.map(() => 200));
  await one.training;
  expect(weights(one.solver)).toEqual(weights(alone));
  // Nobody asks any more: there is no guest left.
  await one.dashboard.close();
  expect(one.solver.callbacks).toHaveLength(1);
});

test("what was looked at is kept when training ends, and shown with the last snapshot's weights", async () => {
  let folder = "";
  {
    await using one = await live();
    folder = one.folder;
    await viewOf(one, "graph");
    await viewOf(one, "histograms");
    await viewOf(one, "batch");
    one.solver.request("stop");
    await one.training;
    const state = await one.solver.snapshot();
    addEvent(folder, { type: "snapshot", time: 5, iter: one.solver.iter, state });
    addEvent(folder, { type: "stop", time: 6, iter: one.solver.iter, reason: "asked" });
  }
  expect(
    Object.keys(JSON.parse(readFileSync(join(folder, "view.json"), "utf8")) as object),
  ).toEqual(["version", "graph", "histograms", "batch"]);
  const dashboard = await openDashboard(
    [folder],
    { host: "127.0.0.1", port: 0, flag: "--port" },
    silent,
  );
  const { origin, searchParams } = new URL(dashboard.url);
  const headers = { authorization: `Bearer ${searchParams.get("token")}` };
  const ask = (path: string, init: RequestInit = {}): Promise<Response> =>
    fetch(origin + path, { ...init, headers: { ...headers, ...init.headers } });
  const { runs } = await json<RunList>(ask("/api/runs"));
  const run = `/api/runs/${encodeURIComponent(runs[0]?.id ?? "")}`;
  const facts = await json<RunFacts>(ask(run));
  expect(facts).toMatchObject({ state: "ended", stop: "stopped as asked", canSteer: false });
  expect(facts.views).toEqual(["graph", "histograms", "batch", "weights"]);
  for (const name of facts.views) {
    expect(await json(ask(`${run}/${name}`))).toMatchObject({ state: "there", isKept: true });
  }
  expect(await json(ask(`${run}/test`))).toMatchObject({
    state: "none",
    why: expect.stringContaining("not kept"),
  });
  const refused = await ask(`${run}/stop`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: "{}",
  });
  expect(refused.status).toBe(409);
  await dashboard.close();
});
