import {
  availableParallelism,
  cpus,
  hostname,
  release,
  type as systemName,
  totalmem,
} from "node:os";
import { nativeVersion } from "../engines/native/binding.ts";
import { imagesPerIteration } from "../solvers/loop/display.ts";
import type { Solver } from "../solvers/solver.ts";
import { version } from "../util/version.ts";
import type { Environment, StartEvent } from "./events.ts";

/** What is known of a training beside its solver. */
interface Circumstances {
  /** The solver's file. */
  readonly file: string;
  readonly command: readonly string[];
  /** Threads of the native engine, where they are not as many as there are cores. */
  readonly threads: number | undefined;
  readonly ranks: number;
  readonly continues: StartEvent["continues"];
}

/** Training begins now. */
export function startEvent(
  solver: Solver,
  { file, command, threads, ranks, continues }: Circumstances,
): StartEvent {
  const { net, testNets, param, iter, watchedScore } = solver;
  const { name, testNet, mode } = watchedScore;
  return {
    type: "start",
    time: Date.now(),
    iter,
    version: 1,
    net: net.name,
    solver: file,
    ...(param.max_iter !== undefined && { maxIter: param.max_iter }),
    display: param.display ?? 0,
    outputs: net.outputs,
    testOutputs: testNets.map((one) => one.outputs),
    score: { name, testNet, mode },
    imagesPerIteration: imagesPerIteration(net, param) * ranks,
    parameters: net.parameterCount,
    process: process.pid,
    ...(continues && { continues }),
    ...(solver.rateFactor !== 1 && { rateFactor: solver.rateFactor }),
    command,
    folder: process.cwd(),
    environment: environmentOf(solver, threads, ranks),
  };
}

/** Variables that change what is computed, or how. */
const TELLING = /^(?:CAFFE|GLOG|OMP|GOMP|OPENBLAS|MKL|DNNL|ONEDNN)_|^NODE_OPTIONS$/;

function environmentOf(
  { net }: Pick<Solver, "net">,
  threads: number | undefined,
  ranks: number,
): Environment {
  const names = new Set(net.layers.map(({ engineName }) => engineName));
  return {
    caffe: version,
    node: process.version,
    system: `${systemName()} ${release()} ${process.arch}`,
    host: hostname(),
    processor: cpus()[0]?.model.trim() ?? "unknown",
    cores: availableParallelism(),
    memory: totalmem(),
    engines: [...names].map((name) => (name === "native" ? `native (${nativeVersion()})` : name)),
    ...(names.has("native") && { threads: threads ?? availableParallelism() }),
    ...(net.device && { gpu: net.device.name }),
    ranks,
    variables: Object.fromEntries(
      Object.entries(process.env).flatMap(([name, value]) =>
        TELLING.test(name) && value !== undefined ? [[name, value]] : [],
      ),
    ),
  };
}
