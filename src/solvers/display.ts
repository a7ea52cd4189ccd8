import type { SolverParameter } from "../io/proto/caffe.ts";
import type { Net } from "../net/net.ts";
import { type Log, numberText, outputText } from "../util/log.ts";

/**
 * Logs an iteration as Caffe does: speed since the last display, smoothed loss, and every output of the train net.
 */
export async function logDisplay(
  solver: { readonly iter: number; readonly param: SolverParameter; readonly net: Net },
  loss: number,
  since: { readonly at: number; readonly iter: number },
  log: Log,
): Promise<void> {
  const { iter } = solver;
  const seconds = (performance.now() - since.at) / 1000;
  const perSecond = (iter - since.iter) / (seconds || 1);
  log(
    "info",
    "solver",
    `Iteration ${iter} (${numberText(perSecond)} iter/s, ${numberText(seconds)}s/${solver.param.display ?? 0} iters), loss = ${numberText(loss)}`,
  );
  let number = 0;
  for (const { name, lossWeight, values } of await solver.net.outputValues()) {
    for (const value of Array.from(values)) {
      const text = outputText(name, value, lossWeight);
      log("info", "solver", `    Train net output #${number++}: ${text}`);
    }
  }
}
