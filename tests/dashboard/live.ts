import { appendFileSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { hostname } from "node:os";
import { join } from "node:path";
import type { View } from "../../src/dashboard/api.ts";
import { openTrainDashboard } from "../../src/dashboard/live/train-dashboard.ts";
import { parsePrototxt } from "../../src/io/text/prototxt.ts";
import { runFiles } from "../../src/run-record/run-files.ts";
import type { SolverOptions } from "../../src/solvers/options.ts";
import type { Solver } from "../../src/solvers/solver.ts";
import { silent } from "../../src/util/log.ts";
import { solverOf } from "../support/solvers.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

/** A classifier of pictures, with layers in place, names that a page must not run, and a test. */
const NET = `name: "<b>net</b>"
  layer { name: "data" type: "DummyData" top: "data" top: "label" dummy_data_param {
    shape { dim: 4 dim: 3 dim: 6 dim: 5 } shape { dim: 4 }
    data_filler { type: "uniform" min: 0 max: 255 } data_filler { type: "constant" value: 1 } } }
  layer { name: "<script>alert(1)</script>" type: "Convolution" bottom: "data" top: "conv"
    convolution_param { num_output: 5 kernel_size: 3 weight_filler { type: "xavier" } } }
  layer { name: "relu" type: "ReLU" bottom: "conv" top: "conv" }
  layer { name: "ip" type: "InnerProduct" bottom: "conv" top: "ip" inner_product_param { num_output: 3 weight_filler { type: "xavier" } } }
  layer { name: "accuracy" type: "Accuracy" bottom: "ip" bottom: "label" top: "accuracy" include { phase: TEST } }
  layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss" }`;

export const SOLVER =
  'base_lr: 0.0001 lr_policy: "step" gamma: 0.1 stepsize: 1000 momentum: 0.9 max_iter: 4000';

/** A solver of that net, or another; its snapshots go into a folder of their own. */
export function liveSolver(text = SOLVER, options: SolverOptions = {}, net = NET): Solver {
  return solverOf(text, options, {
    snapshot_prefix: join(temporaryFolder(), "s"),
    net_param: parsePrototxt("NetParameter", net),
  });
}

/** The folder of a record that begins, as `caffe train` leaves it. */
export function recordOf(folder: string, solver: string, more: object = {}): void {
  const start = {
    ...{ type: "start", time: 1000, iter: 0, version: 1, net: "<b>net</b>", solver: "s.prototxt" },
    ...{ maxIter: 4000, display: 0, outputs: ["loss"], testOutputs: [["accuracy"]], folder: "." },
    ...{ score: { name: "accuracy", testNet: 0, mode: "max" }, imagesPerIteration: 4 },
    ...{ parameters: 1, process: process.pid, command: ["caffe", "train"] },
    environment: { caffe: "0", host: hostname(), engines: ["reference"], variables: {} },
    ...more,
  };
  const files = runFiles(folder);
  writeFileSync(files.events, `${JSON.stringify(start)}\n`);
  writeFileSync(files.solver, solver);
  writeFileSync(files.log, "I first line\nI second line\n");
}

/** Writes an event into a record. */
export function addEvent(folder: string, event: object): void {
  appendFileSync(runFiles(folder).events, `${JSON.stringify(event)}\n`);
}

/** A run that trains, its dashboard, and what asks it. */
export interface Live extends AsyncDisposable {
  readonly solver: Solver;
  readonly folder: string;
  readonly dashboard: Awaited<ReturnType<typeof openTrainDashboard>>;
  readonly origin: string;
  readonly token: string;
  readonly run: string;
  readonly ask: Ask;
  /** Comes true when training has ended. */
  readonly training: Promise<void>;
}

export type Ask = (path: string, init?: RequestInit) => Promise<Response>;

/** Opens the dashboard of a solver and lets it train, until it is stopped. */
export async function live(solver: Solver = liveSolver(), text = SOLVER): Promise<Live> {
  const folder = temporaryFolder();
  recordOf(folder, text);
  const listening = { host: "127.0.0.1", port: 0, flag: "--dashboard" };
  const classes = new Map([[1, "<i>one</i>"]]);
  const dashboard = await openTrainDashboard(
    solver,
    { folder, folders: [], listening, classes },
    silent,
  );
  const { origin, searchParams } = new URL(dashboard.url);
  const token = searchParams.get("token") ?? "";
  const ask: Ask = (path, init = {}) =>
    fetch(`${origin}${path}`, {
      ...init,
      headers: { authorization: `Bearer ${token}`, ...init.headers },
    });
  const { runs } = (await (await ask("/api/runs")).json()) as { runs: { id: string }[] };
  const training = solver.step(Number.POSITIVE_INFINITY);
  return {
    ...{ solver, folder, dashboard, origin, token, ask, training },
    run: `/api/runs/${encodeURIComponent(runs[0]?.id ?? "")}`,
    async [Symbol.asyncDispose]() {
      solver.request("stop");
      await training;
      await dashboard.close();
      solver.close();
    },
  };
}

/** The JSON of an answer. */
export async function json<T>(answer: Promise<Response>): Promise<T> {
  return (await (await answer).json()) as T;
}

/** A view, as soon as it is there. */
export async function viewOf<T>(
  { ask, run }: Pick<Live, "ask" | "run">,
  name: string,
): Promise<Extract<View<T>, { state: "there" }>> {
  for (;;) {
    const view = await json<View<T>>(ask(`${run}/${name}`));
    if (view.state === "there") return view;
    if (view.state === "none") throw new Error(view.why);
  }
}

/** A request whose headers are these and no others: `fetch` writes some itself. */
export function rawRequest(
  url: string,
  headers: Record<string, string>,
  method = "GET",
  body = "",
): Promise<{
  readonly status: number;
  readonly text: string;
  readonly headers: Record<string, unknown>;
}> {
  return new Promise((resolve, reject) => {
    const asked = request(url, { method, headers }, (answer) => {
      let text = "";
      answer.setEncoding("utf8").on("data", (part: string) => {
        text += part;
      });
      answer.on("end", () =>
        resolve({ status: answer.statusCode ?? 0, text, headers: answer.headers }),
      );
    });
    asked.on("error", reject);
    asked.end(body);
  });
}
