import type { Blob } from "../../blob/blob.ts";
import type { Engine } from "../../engines/engine.ts";
import { type Log, numberText } from "../../util/log.ts";
import type { BuiltLayer } from "../build/build.ts";
import type { LearnableParam } from "../build/parameters.ts";
import { toHost } from "./host-reads.ts";

/**
 * Logs how large values and gradients are as a net runs, to find where training diverges.
 *
 * @see Caffe's Net::ForwardDebugInfo, BackwardDebugInfo
 */
export class DebugInfo {
  readonly #engine: Engine;
  readonly #log: Log;

  constructor(engine: Engine, log: Log) {
    this.#engine = engine;
    this.#log = log;
  }

  /** The mean |x| of each top and parameter of a layer that has run forward. */
  async forward({ name, tops, topBlobs, layer }: BuiltLayer): Promise<void> {
    await toHost([...topBlobs, ...layer.blobs].map(({ dataMem }) => dataMem));
    topBlobs.forEach((blob, i) => {
      this.#say(`    [Forward] Layer ${name}, top blob ${tops[i]} data: ${this.#meanData(blob)}`);
    });
    layer.blobs.forEach((blob, i) => {
      const param = layer.param.param?.[i]?.name || String(i);
      this.#say(`    [Forward] Layer ${name}, param blob ${param} data: ${this.#meanData(blob)}`);
    });
  }

  /** The mean |gradient| of each bottom and parameter of a layer that has run backward. */
  async backward(built: BuiltLayer): Promise<void> {
    const { name, bottoms, bottomBlobs, bottomNeedsBackward, layer } = built;
    await toHost([...bottomBlobs, ...layer.blobs].map(({ diffMem }) => diffMem));
    bottomBlobs.forEach((blob, i) => {
      if (!bottomNeedsBackward[i]) return;
      this.#say(
        `    [Backward] Layer ${name}, bottom blob ${bottoms[i]} diff: ${this.#meanDiff(blob)}`,
      );
    });
    layer.blobs.forEach((blob, i) => {
      if (!layer.paramPropagateDown[i]) return;
      this.#say(`    [Backward] Layer ${name}, param blob ${i} diff: ${this.#meanDiff(blob)}`);
    });
  }

  /** L1 and L2 norms of all parameters and of all their gradients. */
  async norms(params: readonly LearnableParam[]): Promise<void> {
    await toHost(params.flatMap(({ blob: { dataMem, diffMem } }) => [dataMem, diffMem]));
    let [l1Data, l1Diff, l2Data, l2Diff] = [0, 0, 0, 0];
    for (const { blob } of params) {
      l1Data += blob.asumData(this.#engine);
      l1Diff += blob.asumDiff(this.#engine);
      l2Data += blob.sumsqData(this.#engine);
      l2Diff += blob.sumsqDiff(this.#engine);
    }
    const pair = (data: number, diff: number): string =>
      `(${numberText(data)}, ${numberText(diff)})`;
    this.#log(
      "error",
      "net",
      `    [Backward] All net params (data, diff): L1 norm = ${pair(l1Data, l1Diff)}; L2 norm = ${pair(Math.sqrt(l2Data), Math.sqrt(l2Diff))}`,
    );
  }

  #meanData(blob: Blob): string {
    return numberText(blob.asumData(this.#engine) / blob.count());
  }

  #meanDiff(blob: Blob): string {
    return numberText(blob.asumDiff(this.#engine) / blob.count());
  }

  #say(message: string): void {
    this.#log("info", "net", message);
  }
}
