import { createEngines } from "../../../src/engines/create.ts";
import type { Gpu } from "../../../src/engines/webgpu/gpu.ts";
import type { NetParameter } from "../../../src/io/proto/caffe.ts";
import { readNetParameter } from "../../../src/io/text/read-net.ts";
import { Net } from "../../../src/net/net.ts";
import { Solver } from "../../../src/solvers/solver.ts";
import { silent } from "../../../src/util/log.ts";
import { median } from "../../median.ts";

/** Milliseconds of one pass. */
interface PassTimes {
  readonly median: number;
  readonly min: number;
}

/** What one net takes. */
export interface NetTimes {
  readonly step: PassTimes;
  readonly forward: PassTimes;
  /** Operations of a forward pass in convolutions and inner products, in 10⁹: a step has three times as many. */
  readonly gflop: number;
}

/** Passes before any is measured: as many as take so long, within bounds. */
const [LEAST_PASSES, MOST_PASSES, SETTLED_MS] = [3, 40, 3000];

/** A net of `nets/` that is trained and run forward, in turns with what is compared. */
export class TimedNet {
  readonly param: NetParameter;
  readonly solver: Solver;
  readonly #test: Net;
  readonly #gpu: Gpu;
  readonly #steps: number[] = [];
  readonly #forwards: number[] = [];

  private constructor(param: NetParameter, gpu: Gpu, precision: "f32" | "f16") {
    const engines = createEngines({ gpu });
    const options = { engines, precision, log: silent };
    this.param = param;
    this.#gpu = gpu;
    this.solver = new Solver(
      {
        ...{ net_param: param, base_lr: 1e-5, lr_policy: "fixed", momentum: 0.9 },
        ...{ weight_decay: 5e-4, max_iter: 1_000_000, snapshot_after_train: false },
        ...{ random_seed: 1, ...(precision === "f16" && { global_grad_scale: 1024 }) },
      },
      { ...options, sharesMemory: true },
    );
    this.#test = new Net(param, { ...options, phase: "TEST", forwardOnly: true });
  }

  static async open(
    path: string,
    batch: number,
    gpu: Gpu,
    precision: "f32" | "f16",
  ): Promise<TimedNet> {
    const net = new TimedNet(withBatch(readNetParameter(path), batch), gpu, precision);
    // A test net has statistics of what was seen.
    await net.#settle(() => net.solver.step(1));
    net.#test.shareWith(net.solver.net, silent);
    await net.#settle(() => net.#test.forward());
    return net;
  }

  /** Compiles shaders, and lets trials of tiles and plans of memory come to their ends. */
  async #settle(pass: () => Promise<unknown>): Promise<void> {
    const until = performance.now() + SETTLED_MS;
    for (let i = 0; i < LEAST_PASSES || (i < MOST_PASSES && performance.now() < until); i++) {
      await pass();
      await this.#gpu.finish();
    }
  }

  /** Measures steps for so long, and forward passes. */
  async turn(milliseconds: number): Promise<void> {
    await this.#measure(milliseconds, this.#steps, () => this.solver.step(1));
    await this.#measure(milliseconds / 2, this.#forwards, () => this.#test.forward());
  }

  /** Groups of passes, each as long as a tenth of the time, so that waiting for the device counts little. */
  async #measure(
    milliseconds: number,
    into: number[],
    pass: () => Promise<unknown>,
  ): Promise<void> {
    const timed = async (passes: number): Promise<number> => {
      const begin = performance.now();
      for (let i = 0; i < passes; i++) await pass();
      await this.#gpu.finish();
      return (performance.now() - begin) / passes;
    };
    const until = performance.now() + milliseconds;
    const first = await timed(1);
    const passes = Math.max(1, Math.floor(milliseconds / 10 / first));
    do into.push(await timed(passes));
    while (performance.now() < until);
  }

  times(): NetTimes {
    const of = (all: readonly number[]): PassTimes => ({
      median: median(all),
      min: Math.min(...all),
    });
    const flops = this.solver.net.layers.map((_, i) => flopsOf(this.solver.net, i));
    const gflop = flops.reduce((sum, one) => sum + one, 0) / 1e9;
    return { step: of(this.#steps), forward: of(this.#forwards), gflop };
  }

  close(): void {
    this.solver.close();
    this.#test.close();
  }
}

/** Multiplications and additions of a layer's forward pass, where it is a product; 0 where it is none. */
export function flopsOf(net: Net, i: number): number {
  const layer = net.layers[i];
  const [weights] = layer?.blobs ?? [];
  const top = net.topBlobs[i]?.[0];
  if (!layer || !weights || !top) return 0;
  const { type } = layer.param;
  if (type === "Convolution") return (2 * weights.count() * top.count()) / (top.shape[1] ?? 1);
  if (type === "InnerProduct") return 2 * weights.count() * (top.shape[0] ?? 1);
  return 0;
}

/** The net with batches of another size. */
function withBatch(param: NetParameter, batch: number): NetParameter {
  const layer = (param.layer ?? []).map((one) => {
    if (!one.dummy_data_param) return one;
    const shape = (one.dummy_data_param.shape ?? []).map(({ dim = [] }) => ({
      dim: [batch, ...dim.slice(1)],
    }));
    return { ...one, dummy_data_param: { ...one.dummy_data_param, shape } };
  });
  return { ...param, layer };
}
