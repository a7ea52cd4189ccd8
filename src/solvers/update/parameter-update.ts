import { Blob } from "../../blob/blob.ts";
import { chooseEngine, type Engines } from "../../engines/choose.ts";
import type { Engine } from "../../engines/engine.ts";
import type { UpdateStep } from "../../engines/ops/update.ts";
import type { SolverParameter } from "../../io/proto/caffe.ts";
import type { LearnableParam } from "../../net/build/parameters.ts";
import type { Net } from "../../net/net.ts";
import type { SyncedMem } from "../../syncedmem/synced-mem.ts";
import { type Log, numberText } from "../../util/log.ts";
import type { UpdateRule } from "../rules/update-rule.ts";
import type { Arrival, GradientSums, UpdateShare, Workers } from "../workers.ts";
import { DeviceClipping } from "./clipping.ts";
import { adaptationOf, DeviceLocalRates, localFactor, localNumbers } from "./local-rates.ts";
import { atIteration } from "./schedules.ts";

/** A learnable parameter with what its rule keeps of it. */
interface Updated extends LearnableParam {
  readonly history: readonly Blob[];
}

/** Takes a line of the log whose number is on its way from a device. */
export type LateLine = (number: Promise<number>, write: (number: number, log: Log) => void) => void;

/**
 * Updates every learnable parameter of a net from its gradient, in Caffe's order: clip the global L2 norm, divide by
 * iter_size, add weight decay, apply the rule. Where others train the same net, the gradient is the mean of all workers'.
 *
 * Clipping sees the gradients as they have added up, before they are divided and without decay, as in Caffe.
 *
 * @see Caffe's SGDSolver::ApplyUpdate
 */
export class ParameterUpdate {
  /** What the rule keeps: its first array of every parameter, then its second of every parameter. Zero at first. */
  readonly history: readonly Blob[];
  #param: SolverParameter;
  readonly #rule: UpdateRule;
  readonly #net: Net;
  readonly #engine: Engine;
  readonly #log: Log;
  readonly #workers: Workers | undefined;
  readonly #updated: readonly Updated[];
  /** By layer: those whose gradients this layer alone makes, and the update alone reads. */
  readonly #ownOf: readonly (readonly Updated[])[];
  /** Those that have been updated in this iteration. */
  readonly #done: Set<Updated> = new Set();
  /** Whether every weight that was updated in this iteration is a finite number, as far as the engine knows. */
  #isSound = true;
  /** Clips gradients that lie on a device. */
  #clipping: DeviceClipping | undefined;
  /** Adapts rates to norms that are found on a device. */
  readonly #deviceRates: DeviceLocalRates | undefined;

  /** Those that are on their way to other workers, or have come back from them. */
  readonly #sent: Map<SyncedMem, Updated> = new Map();

  constructor(
    param: SolverParameter,
    rule: UpdateRule,
    net: Net,
    engines: Engines,
    log: Log,
    workers?: Workers,
  ) {
    this.#workers = workers;
    this.#net = net;
    this.#param = param;
    this.#rule = rule;
    this.#log = log;
    this.#engine = chooseEngine(engines, ["update"]);
    const histories = rule.kernel.history.map(() =>
      net.learnableParams.map(({ blob }) => {
        const kept = new Blob(blob.shape, blob.dtype);
        kept.dataMem.isLasting = true;
        return kept;
      }),
    );
    this.history = histories.flat();
    this.#updated = net.learnableParams.map((param, i) => ({
      ...param,
      history: histories.map((blobs) => blobs[i] as Blob),
    }));
    this.#ownOf = net.layers.map(({ blobs }) =>
      this.#updated.filter(
        ({ blob, isShared }) => !isShared && blob.diffMem.isReadOnce && blobs.includes(blob),
      ),
    );
    this.#clipping = this.#clippingOf(param);
    if (this.#engine.device) this.#deviceRates = new DeviceLocalRates(this.#engine);
    this.#warnOfUnused();
  }

  /** What gradients are divided by to be the mean of all workers', as they are without a scale. */
  get #divisor(): number {
    return (this.#workers?.count ?? 1) * this.#net.gradientScale;
  }

  get param(): SolverParameter {
    return this.#param;
  }

  /** May be replaced between two updates. */
  set param(param: SolverParameter) {
    if (!this.#canBeShared(param)) this.#workers?.gradients.restart();
    this.#param = param;
    this.#clipping = this.#clippingOf(param);
  }

  /** Whether a part of a parameter can be updated without the others, on the host. */
  #canBeShared(param: SolverParameter): boolean {
    if (this.#engine.device) return false;
    return !((param.clip_gradients ?? -1) >= 0 || (this.#rule.isSgd && adaptationOf(param)));
  }

  /** What clips gradients where they lie on a device, and are to be clipped. */
  #clippingOf({ clip_gradients: threshold = -1 }: SolverParameter): DeviceClipping | undefined {
    if (!this.#engine.device || threshold < 0) return undefined;
    // What it sees are the sums of all workers' gradients, scaled; the mean without scale is clipped.
    const ofSums = threshold * this.#divisor;
    if (this.#clipping?.threshold === ofSums) return this.#clipping;
    const blobs = this.#updated.map(({ blob }) => blob);
    return new DeviceClipping(this.#engine, ofSums, blobs);
  }

  /**
   * Begins an update that follows backward from layer to layer, so that few gradients are there at a time and each is
   * still in cache: what this returns updates a layer's parameters. `apply` does the rest.
   * @returns undefined where no update can be done before all gradients are there
   */
  begin(rate: number, iter: number): ((layer: number) => void) | undefined {
    if (this.#engine.device) return undefined;
    const isClipped = (this.param.clip_gradients ?? -1) >= 0;
    const gradients = this.#workers?.gradients;
    if (isClipped && !gradients) return undefined;
    const update = this.#updater(rate, iter, 1);
    const finish = (updated: Updated, share?: UpdateShare): void => {
      update(updated, share);
      this.#done.add(updated);
    };
    if (!gradients) {
      return (layer) => {
        for (const updated of this.#ownOf[layer] ?? []) finish(updated);
      };
    }
    return (layer) => {
      for (const updated of this.#ownOf[layer] ?? []) this.#send(updated, gradients);
      if (isClipped) return;
      for (const { gradient, share } of gradients.arrived()) {
        finish(this.#sent.get(gradient) as Updated, share);
      }
    };
  }

  /** Lets a gradient go to the other workers. Where a rate is 0 nothing hangs on it, but the norm that is clipped by. */
  #send(updated: Updated, gradients: GradientSums): void {
    const { blob, lrMult, history, isShared } = updated;
    const isWanted = lrMult !== 0 || (this.param.clip_gradients ?? -1) >= 0;
    if (!isWanted || this.#sent.has(blob.diffMem)) return;
    this.#sent.set(blob.diffMem, updated);
    const isOwn = blob.diffMem.isReadOnce && !isShared && this.#canBeShared(this.param);
    gradients.send(blob.diffMem, isOwn ? [blob, ...history].map((one) => one.dataMem) : undefined);
  }

  /** Waits until every gradient is the sum of all workers'. */
  async #settle({ gradients }: Workers): Promise<readonly Arrival[]> {
    await Promise.all(this.#updated.map(({ blob }) => blob.diffMem.toHost()));
    for (const updated of this.#updated) this.#send(updated, gradients);
    return gradients.settle();
  }

  /** Ends an iteration, whether it went well or not: from now on no parameter counts as updated. */
  end(): void {
    this.#done.clear();
    this.#sent.clear();
    this.#isSound = true;
  }

  /**
   * One update of every parameter that has had none in this iteration.
   * @param iter updates done before this one
   * @param later takes the line of clipping on a device, where it is wanted, with the norm that is on its way
   * @returns whether every weight is a finite number now; true on a device, which would have to be waited for
   */
  async apply(rate: number, iter: number, later?: LateLine): Promise<boolean> {
    const arrivals = this.#workers ? await this.#settle(this.#workers) : [];
    const shares = new Map(arrivals.map(({ gradient, share }) => [gradient, share]));
    const clipping = this.#clipping?.factor();
    const scale = clipping ? 1 : await this.#clippingScale();
    const update = this.#updater(rate, iter, scale, clipping);
    for (const updated of this.#updated) {
      if (!this.#done.has(updated)) update(updated, shares.get(updated.blob.diffMem));
    }
    const isSound = (await this.#workers?.gradients.finish(this.#isSound)) ?? this.#isSound;
    this.end();
    if (later && this.#clipping) {
      const [clip, divisor] = [this.param.clip_gradients ?? -1, this.#divisor];
      later(this.#clipping.norm(), (norm, log) => tellClipping(norm / divisor, clip, log));
    }
    return isSound;
  }

  /** What updates one parameter. */
  #updater(
    rate: number,
    iter: number,
    scale: number,
    clipping?: UpdateStep["clipping"],
  ): (updated: Updated, share?: UpdateShare) => void {
    const { isSgd = false } = this.#rule;
    const param = atIteration(this.param, iter, rate, isSgd);
    const { iter_size = 1, weight_decay = 0, regularization_type = "L2" } = param;
    const regularization = regularization_type === "L1" ? "L1" : "L2";
    const params = this.#rule.params(param, iter);
    const adaptation = isSgd ? adaptationOf(param) : undefined;
    const gradientScale = scale / iter_size / this.#divisor;
    const numbers = adaptation && rate > 0 && localNumbers(adaptation, rate, gradientScale);
    return (updated, share) => {
      const { blob, lrMult, decayMult, history } = updated;
      // A rate of a parameter's own takes no more of lr_mult than whether it is 0.
      const plain = {
        rate: rate * (numbers ? Math.sign(lrMult) : lrMult),
        gradientScale,
        decay: weight_decay * decayMult,
        regularization,
        ...(clipping && { clipping }),
      } as const;
      if (!share && this.#changesNothing(updated, plain)) return;
      const step = numbers ? { ...plain, ...this.#localRate(blob, numbers, plain) } : plain;
      const isSound = this.#engine.update(
        this.#rule.kernel,
        share?.parameter.count ?? blob.count(),
        step,
        params,
        share?.parameter ?? blob.dataMem,
        share?.gradient ?? blob.diffMem,
        share?.history ?? history.map(({ dataMem }) => dataMem),
      );
      if (blob.diffMem.isReadOnce) blob.diffMem.zero();
      this.#isSound &&= isSound;
    };
  }

  /** The rate of a parameter by its norms, or, where they lie on a device, the factor on the rate. */
  #localRate(
    blob: Blob,
    numbers: ReturnType<typeof localNumbers>,
    { rate, clipping }: UpdateStep,
  ): Pick<UpdateStep, "rate" | "rateFactor"> {
    if (this.#deviceRates) {
      return { rate, rateFactor: this.#deviceRates.factor(blob, numbers, clipping) };
    }
    const weights = blob.sumsqData(this.#engine);
    const ratio = weights > 0 ? blob.sumsqDiff(this.#engine) / weights : 0;
    return { rate: rate * localFactor(ratio, numbers) };
  }

  /** Warns of fields that are for SGD where the rule is another. */
  #warnOfUnused(): void {
    const { larc, local_lr_auto, momentum_policy = "fixed" } = this.param;
    const given = { larc, local_lr_auto, momentum_policy: momentum_policy !== "fixed" };
    const unused = Object.entries(given).flatMap(([field, isGiven]) => (isGiven ? [field] : []));
    if (this.#rule.isSgd || unused.length === 0) return;
    this.#log(
      "warning",
      "sgd_solver",
      `${unused.join(", ")}: without effect with type "${this.#rule.kernel.name}", as in the forks that have it. Expected type "SGD".`,
    );
  }

  /** Whether a step would leave parameter and history as they are: a frozen layer costs nothing then. */
  #changesNothing(
    { blob, history }: Updated,
    { rate, decay }: { readonly rate: number; readonly decay: number },
  ): boolean {
    if (!history.every(({ dataMem }) => dataMem.isZero)) return false;
    if (rate === 0 && this.#rule.kernel.historyHoldsRate) return true;
    return blob.diffMem.isZero && (decay === 0 || blob.dataMem.isZero);
  }

  /** The factor that brings the gradients' global L2 norm down to clip_gradients; 1 where it is below. */
  async #clippingScale(): Promise<number> {
    const clip = this.param.clip_gradients ?? -1;
    if (clip < 0) return 1;
    let sum = 0;
    for (const { blob } of this.#updated) sum += blob.sumsqDiff(this.#engine);
    const norm = Math.sqrt(sum) / this.#divisor;
    // With other numbers of threads norms are added up in other orders: all take that of the first.
    const [[first = norm] = []] = (await this.#workers?.meet([norm])) ?? [];
    return tellClipping(first, clip, this.#log);
  }
}

/** The factor that brings a norm down to the threshold, which is logged where it is not 1. */
function tellClipping(norm: number, threshold: number, log: Log): number {
  if (norm <= threshold) return 1;
  const scale = threshold / norm;
  log(
    "info",
    "sgd_solver",
    `Gradient clipping: scaling down gradients (L2 norm ${numberText(norm)} > ${numberText(threshold)}) by scale factor ${numberText(scale)}`,
  );
  return scale;
}
