import type { SolverParameter } from "../../io/proto/caffe.ts";
import type { Net } from "../../net/net.ts";
import type { NetOutput } from "../../net/run/outputs.ts";
import { type Log, numberText, outputText } from "../../util/log.ts";

/** Iterations, and the time that training took for them. */
interface Done {
  readonly iterations: number;
  readonly seconds: number;
}

/** How fast training is: what happens between two calls of `step` does not count. */
export class TrainingSpeed {
  #iterations = 0;
  #ms = 0;
  #runsSince = 0;

  /** Training begins, or goes on. */
  begin(): void {
    this.#runsSince = performance.now();
  }

  /** Training pauses. */
  pause(): void {
    this.#ms += performance.now() - this.#runsSince;
  }

  /** An iteration is done. */
  count(): void {
    this.#iterations++;
  }

  /** What was done since this was last asked, while training runs. */
  take(): Done {
    this.pause();
    this.begin();
    const done = { iterations: this.#iterations, seconds: this.#ms / 1000 };
    [this.#iterations, this.#ms] = [0, 0];
    return done;
  }
}

/** The images, or other records, that one worker takes for an update: of the first layer's first top; 0 where it has none. */
export function imagesPerIteration(
  { topBlobs }: Net,
  { iter_size = 1 }: Pick<SolverParameter, "iter_size">,
): number {
  return (topBlobs[0]?.[0]?.shape[0] ?? 0) * iter_size;
}

/**
 * Logs an iteration as Caffe does: speed since the last display, smoothed loss, and every output of the train net.
 */
export function logDisplay(
  { iter, param }: { readonly iter: number; readonly param: SolverParameter },
  outputs: readonly NetOutput[],
  loss: number,
  { seconds, iterations }: Done,
  log: Log,
): void {
  const perSecond = iterations / (seconds || 1);
  log(
    "info",
    "solver",
    `Iteration ${iter} (${numberText(perSecond)} iter/s, ${numberText(seconds)}s/${param.display ?? 0} iters), loss = ${numberText(loss)}`,
  );
  let number = 0;
  for (const { name, lossWeight, values } of outputs) {
    for (const value of Array.from(values)) {
      const text = outputText(name, value, lossWeight);
      log("info", "solver", `    Train net output #${number++}: ${text}`);
    }
  }
}
