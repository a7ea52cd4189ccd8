// caffe train --dashboard and caffe dashboard, run as a user runs them.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Graph, RunFacts, RunList, View } from "../../src/dashboard/api.ts";
import { parseEvents } from "../../src/run-record/read-events.ts";
import { caffeHere, startCaffe } from "../support/cli.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { json } from "./live.ts";

const SOLVER = `base_lr: 0.1 lr_policy: "fixed" max_iter: 1000000 snapshot_prefix: "s" net_param {
  name: "N"
  layer { name: "d" type: "DummyData" top: "x" top: "t" dummy_data_param { shape { dim: 2 dim: 3 } shape { dim: 2 } data_filler { type: "gaussian" } data_filler { value: 1 } } }
  layer { name: "ip" type: "InnerProduct" bottom: "x" top: "ip" inner_product_param { num_output: 2 } }
  layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "t" top: "loss" } }`;

function folderWithSolver(): string {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "solver.prototxt"), SOLVER);
  return folder;
}

/** Asks a dashboard by the address that it has printed. */
function asker(url: string): (path: string, body?: object) => Promise<Response> {
  const { origin, searchParams } = new URL(url);
  const headers = {
    authorization: `Bearer ${searchParams.get("token")}`,
    "content-type": "application/json",
  };
  return (path, body) =>
    fetch(origin + path, { headers, ...(body && { method: "POST", body: JSON.stringify(body) }) });
}

const URL_OF = /http:\/\/127\.0\.0\.1:\d+\/\?token=\S+/;

test("a run is steered from its dashboard, and shown by another process while it trains and after", async () => {
  const folder = folderWithSolver();
  const words = ["train", "solver.prototxt", "--dashboard=0", "--engine=reference", "--run=one"];
  const train = startCaffe(words, folder);
  const ask = asker(await train.said(URL_OF));
  const { runs } = await json<RunList>(ask("/api/runs"));
  expect(runs).toMatchObject([{ id: "one", state: "live", net: "N" }]);
  const graph = await json<View<Graph>>(ask("/api/runs/one/graph"));
  expect(graph).toMatchObject({ state: "there", view: { net: "N" } });

  const window = startCaffe(["dashboard", "--port=0"], folder);
  const look = asker(await window.said(URL_OF));
  expect((await json<RunList>(look("/api/runs"))).runs).toMatchObject([{ state: "running" }]);

  expect((await ask("/api/runs/one/rate", { factor: 0.5 })).status).toBe(200);
  expect((await ask("/api/runs/one/stop", {})).status).toBe(200);
  expect((await train.ended).status).toBe(0);
  const events = parseEvents(readFileSync(join(folder, "runs/one/events.jsonl"), "utf8"));
  expect(events.filter(({ type }) => type === "rate")).toMatchObject([{ factor: 0.5 }]);
  expect(events.at(-1)).toMatchObject({ type: "stop", reason: "asked" });

  const facts = await json<RunFacts>(look("/api/runs/one"));
  expect(facts).toMatchObject({ state: "ended", rateFactor: 0.5, canSteer: false });
  expect(facts.views).toEqual(["graph", "weights"]);
  expect(await json(look("/api/runs/one/graph"))).toMatchObject({ isKept: true });
  window.child.kill("SIGINT");
  expect((await window.ended).status).toBe(0);
});

test("a port that is taken is one clear error before training begins", async () => {
  const folder = folderWithSolver();
  const other = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => other.once("listening", resolve));
  const { port } = other.address() as AddressInfo;
  const { status, stderr } = await caffeHere(
    ["train", "solver.prototxt", `--dashboard=${port}`, "--engine=reference", "--run=one"],
    folder,
  );
  other.close();
  expect(status).not.toBe(0);
  expect(stderr).toContain(
    `cannot listen on 127.0.0.1:${port}: another program listens there. Expected another --dashboard`,
  );
  expect(stderr).not.toContain("Starting Optimization");
});

test.each([
  [["--dashboard=x"], /--dashboard is x. Expected no value, a port/],
  [["--dashboard=70000"], /Expected no value, a port up to 65535/],
  [["--host=0.0.0.0"], /--host=0.0.0.0 has no effect without --dashboard/],
  [["--dashboard", "--run=off"], /keeps none/],
])("caffe train %j is refused", async (words, message) => {
  const { status, stderr } = await caffeHere(
    ["train", ...words, "solver.prototxt"],
    folderWithSolver(),
  );
  expect(status).not.toBe(0);
  expect(stderr).toMatch(message);
});

test("caffe dashboard says where records are expected", async () => {
  const { status, stderr } = await caffeHere(["dashboard", "--port=0"], temporaryFolder());
  expect(status).not.toBe(0);
  expect(stderr).toMatch(/"runs" is not there. Expected a folder of records. caffe train leaves/);
});

test("a run without a dashboard leaves its net's graph", async () => {
  const folder = folderWithSolver();
  const solver = join(folder, "solver.prototxt");
  writeFileSync(solver, SOLVER.replace("1000000", "2"));
  const { status } = await caffeHere(
    ["train", "solver.prototxt", "--engine=reference", "--run=two"],
    folder,
  );
  expect(status).toBe(0);
  expect(existsSync(join(folder, "runs/two/view.json"))).toBe(true);
});
