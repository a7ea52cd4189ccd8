import { Blob } from "../../blob/blob.ts";
import type {
  ConcatOp,
  LinearOp,
  LSTMUnitOp,
  Primitive,
  ScaleOp,
  UnaryOp,
} from "../../engines/engine.ts";
import { withDefaults } from "../../io/proto/messages.ts";
import type { DType } from "../../util/arrays.ts";
import { type Shape, sameShape, shapeText } from "../../util/shape.ts";
import { clip } from "../activation/clip.ts";
import {
  arity,
  type BackwardReads,
  type LayerRole,
  type LayerState,
  type One,
  type OneOrMore,
  type ParamField,
} from "../base/layer.ts";
import { refusesOtherForms } from "../base/layer-state.ts";
import { LearnedLayer } from "../base/learned.ts";

/**
 * Long short-term memory over whole sequences, the older layer of forks: `Lstm` beside Caffe's `LSTM`.
 *
 *     [i f o g] = W_x · x(t) + W_h · h(t−1) + b
 *     c(t) = σ(f) ∘ c(t−1) + σ(i) ∘ tanh(g)        h(t) = σ(o) ∘ tanh(c(t))
 *
 * - bottom[0] x: T×N×I, T steps of N streams; or, with `batch_size` N or other than three axes, (T·N)×…, N being 1 by default
 * - bottom[1], optional: clip, one number for each step of each stream. Where it is 0 a sequence begins anew; without it the
 *   first step begins one. Only with it h and c go on from one batch to the next, and no gradient goes with them
 * - top[0] h: T×N×D, or (T·N)×D
 * - blobs: W_x 4D×I, W_h 4D×D, b 4D; gates in the order i, f, o, g
 * - `lstm_param`: num_output D (required), clipping_threshold 0 (above 0: the gradients of the gates' inputs are cut to it, either
 *   way, step by step), weight_filler, bias_filler, batch_size 1
 *
 * @see junhyukoh/caffe-lstm's LstmLayer, and its kin in nets that read text (CTPN, caffe_ocr)
 */
export class SequenceLstmLayer extends LearnedLayer<OneOrMore, One> {
  static override readonly type: string = "Lstm";
  static override readonly paramFields: readonly ParamField[] = ["lstm_param"];
  static override readonly role: LayerRole = "learned";
  static override readonly needs: readonly Primitive[] = [
    "innerProduct",
    "concat",
    "lstmUnit",
    "axpby",
    "copy",
    "scale",
    "unary",
  ];
  static override readonly bottoms = arity.oneOrTwo;
  static override readonly hostBottoms: readonly number[] = [1];

  #outputs = 0;
  #limit = 0;
  #features = 0;
  #streams = 0;
  #shape: Shape | undefined;
  #steps: readonly Step[] = [];
  /** x · W_xᵀ + b of all steps, of which each step's gates are cut; its diff is joined of theirs. */
  readonly #inputs: Blob = new Blob([0], this.context.dtype);
  /** h(t−1) of all steps, 0 where a sequence begins. */
  readonly #before: Blob = new Blob([0], this.context.dtype);
  /** h(t−1) · W_hᵀ of one step, and what flows back to h(t−1). */
  readonly #product: Blob = new Blob([0], this.context.dtype);
  readonly #carry: Blob = new Blob([0], this.context.dtype);
  /** h and c before the first step, and after the last of the pass before. */
  readonly #first: Ends = endsOf(this.context.dtype);
  readonly #last: Ends = endsOf(this.context.dtype);
  #ops!: Ops;

  override setUp([x]: OneOrMore): void {
    const param = withDefaults("LSTMParameter", this.param.lstm_param);
    const { num_output = 0, clipping_threshold, weight_filler, bias_filler } = param;
    if (num_output < 1) this.fail(`lstm_param.num_output is ${num_output}. Expected 1 or more.`);
    if (!(clipping_threshold >= 0)) {
      this.fail(
        `lstm_param.clipping_threshold is ${clipping_threshold}. Expected a length above 0, or 0, which cuts nothing.`,
      );
    }
    this.#outputs = num_output;
    this.#limit = clipping_threshold;
    this.#features = this.#form(x).features;
    this.makeBlobs([
      { shape: [4 * num_output, this.#features], filler: weight_filler },
      { shape: [4 * num_output, num_output], filler: weight_filler },
      { shape: [4 * num_output], filler: bias_filler },
    ]);
  }

  /** Which axes of x are steps and streams: see above. */
  #form(x: Blob): { rows: Shape; streams: number; features: number } {
    const { shape } = x;
    if (this.param.lstm_param?.batch_size === undefined && shape.length === 3) {
      return { rows: shape.slice(0, 2), streams: shape[1]!, features: shape[2]! };
    }
    const streams = this.param.lstm_param?.batch_size ?? 1;
    const rows = shape[0] ?? 0;
    if (shape.length === 0 || streams < 1 || rows % streams !== 0) {
      this.fail(
        `bottom 0 has shape ${shapeText(shape)}, lstm_param.batch_size is ${streams}. Expected T×N×I, or a first axis that is a multiple of batch_size.`,
      );
    }
    return { rows: [rows], streams, features: x.count(1) };
  }

  override reshape([x, indicators]: OneOrMore, [h]: One): void {
    const { rows, streams, features } = this.#form(x);
    if (features !== this.#features) {
      this.fail(
        `${features} features in a step, bottom shape ${shapeText(x.shape)}. Expected ${this.#features}, as when the weights were set up.`,
      );
    }
    const count = rows.reduce((product, size) => product * size, 1);
    if (indicators && indicators.count() !== count) {
      this.fail(
        `bottom 1 has shape ${shapeText(indicators.shape)}. Expected one number for each of ${count} steps.`,
      );
    }
    h.reshape([...rows, this.#outputs]);
    if (this.#shape && sameShape(this.#shape, x.shape)) return;
    this.#shape = x.shape;
    this.#makeSteps(streams === 0 ? 0 : count / streams, streams);
    if (this.#streams === streams) return;
    this.#streams = streams;
    for (const blob of [this.#last.hidden, this.#last.cell]) {
      blob.reshape([streams, this.#outputs]);
      blob.dataMem.zero();
    }
  }

  #makeSteps(steps: number, streams: number): void {
    const [d, { dtype }] = [this.#outputs, this.context];
    const count = steps * streams;
    const blob = (...shape: Shape): Blob => new Blob(shape, dtype);
    this.#inputs.reshape([count, 4 * d]);
    this.#before.reshape([count, d]);
    this.#product.reshape([streams, 4 * d]);
    this.#carry.reshape([streams, d]);
    this.#first.hidden.reshape([streams, d]);
    this.#first.cell.reshape([streams, d]);
    this.#steps = Array.from({ length: steps }, (_, t) => {
      const goesOn = blob(streams);
      if (t > 0) goesOn.dataMem.overwriteCpu().fill(1);
      return {
        goesOn,
        gates: blob(streams, 4 * d),
        before: blob(streams, d),
        cell: blob(streams, d),
        hidden: blob(streams, d),
        unit: this.engine.lstmUnit({ batch: streams, hidden: d }),
      };
    });
    if (count === 0) return;
    const product = (rows: number, features: number, hasBias: boolean): LinearOp =>
      this.engine.innerProduct({
        input: [rows, features],
        outputs: 4 * d,
        hasBias,
        transpose: false,
      });
    const join = (width: number): ConcatOp =>
      this.engine.concat({ shapes: this.#steps.map(() => [streams, width]), axis: 0 });
    this.#ops = {
      input: product(count, this.#features, true),
      before: product(streams, d, false),
      allBefore: product(count, d, false),
      gates: join(4 * d),
      hidden: join(d),
      goesOn: this.engine.scale({ shape: [streams, d], outer: 1, length: streams, inner: d }),
      limit: this.engine.unary(clip, { min: -this.#limit, max: this.#limit }, [streams, 4 * d]),
    };
  }

  /** Both matrices at every step of every stream. */
  override macs(): number {
    const d = this.#outputs;
    return this.#steps.length * this.#streams * 4 * d * (this.#features + d);
  }

  override forward([x, indicators]: OneOrMore, [top]: One): void {
    const last = this.#steps.at(-1);
    if (!last || this.#streams === 0) return;
    const [wx, wh, b] = this.blobs;
    const { input, before, gates, hidden, goesOn } = this.#ops;
    input.forward(x.dataMem, wx!.dataMem, b!.dataMem, this.#inputs.dataMem);
    gates.backward(
      this.#inputs.dataMem,
      this.#steps.map((step) => step.gates.dataMem),
    );
    if (indicators) this.#begin(indicators);
    this.#steps.forEach((step, t) => {
      const from = this.#steps[t - 1] ?? this.#first;
      if (t > 0 || indicators) {
        const own = indicators ? step.before : from.hidden;
        if (indicators) {
          goesOn.forward(from.hidden.dataMem, step.goesOn.dataMem, undefined, own.dataMem);
        }
        before.forward(own.dataMem, wh!.dataMem, undefined, this.#product.dataMem);
        this.engine.axpby(step.gates.count(), 1, this.#product.dataMem, 1, step.gates.dataMem);
      }
      step.unit.forward(
        from.cell.dataMem,
        step.gates.dataMem,
        step.goesOn.dataMem,
        step.cell.dataMem,
        step.hidden.dataMem,
      );
    });
    hidden.forward(
      this.#steps.map((step) => step.hidden.dataMem),
      top.dataMem,
    );
    if (indicators) this.#copyEnds(last, this.#last);
  }

  /** Where sequences go on, and what they go on from. */
  #begin(indicators: Blob): void {
    const flags = indicators.dataMem.cpu();
    this.#steps.forEach(({ goesOn }, t) => {
      const own = goesOn.dataMem.overwriteCpu();
      for (let n = 0; n < this.#streams; n++) own[n] = flags[t * this.#streams + n] === 0 ? 0 : 1;
    });
    this.#copyEnds(this.#last, this.#first);
  }

  #copyEnds(from: Ends, to: Ends): void {
    this.engine.copy(from.hidden.count(), from.hidden.dataMem, to.hidden.dataMem);
    this.engine.copy(from.cell.count(), from.cell.dataMem, to.cell.dataMem);
  }

  override backwardReadsBottom(bottomIndex: number): BackwardReads {
    return bottomIndex === 0 && this.paramPropagateDown[0] === true ? "present" : "nothing";
  }

  override backward(
    [top]: One,
    [toX, toClip]: readonly boolean[],
    [x, indicators]: OneOrMore,
  ): void {
    if (toClip) this.fail("Cannot backpropagate to sequence indicators.");
    const last = this.#steps.at(-1);
    if (!last || this.#streams === 0) return;
    const [wx, wh, b] = this.blobs;
    const [learnsX, learnsH, learnsB] = this.paramPropagateDown;
    const { input, allBefore, gates, hidden, limit } = this.#ops;
    hidden.backward(
      top.diffMem,
      this.#steps.map((step) => step.hidden.diffMem),
    );
    last.cell.diffMem.zero();
    for (let t = this.#steps.length - 1; t >= 0; t--) {
      const step = this.#steps[t]!;
      const from = this.#steps[t - 1] ?? this.#first;
      step.unit.backward(
        from.cell.dataMem,
        step.gates.dataMem,
        step.goesOn.dataMem,
        step.cell.dataMem,
        step.hidden.dataMem,
        step.cell.diffMem,
        step.hidden.diffMem,
        from.cell.diffMem,
        step.gates.diffMem,
      );
      if (this.#limit > 0) limit.forward(step.gates.diffMem, step.gates.diffMem);
      if (t > 0) this.#carryBack(step, wh!, from.hidden, indicators !== undefined);
    }
    gates.forward(
      this.#steps.map((step) => step.gates.diffMem),
      this.#inputs.diffMem,
    );
    if (learnsH) {
      // One product of all steps is much faster than one of each.
      const from = indicators ? this.#steps.map(({ before }) => before) : this.#hiddenBefore();
      hidden.forward(
        from.map((blob) => blob.dataMem),
        this.#before.dataMem,
      );
      allBefore.backwardWeights(this.#before.dataMem, this.#inputs.diffMem, wh!.diffMem, undefined);
    }
    input.backwardWeights(
      x.dataMem,
      this.#inputs.diffMem,
      learnsX ? wx!.diffMem : undefined,
      learnsB ? b!.diffMem : undefined,
    );
    if (toX) input.backwardData(this.#inputs.diffMem, wx!.dataMem, x.diffMem);
  }

  /** h(t−1) of each step where one sequence goes through all. */
  #hiddenBefore(): readonly Blob[] {
    return [this.#first, ...this.#steps.slice(0, -1)].map(({ hidden }) => hidden);
  }

  /** Adds what comes from a step's gates to the gradient of h of the step before. */
  #carryBack(step: Step, wh: Blob, hidden: Blob, isConditional: boolean): void {
    this.#ops.before.backwardData(step.gates.diffMem, wh.dataMem, this.#carry.dataMem);
    if (isConditional) {
      this.#ops.goesOn.backwardData(this.#carry.dataMem, step.goesOn.dataMem, step.before.diffMem);
    }
    const from = isConditional ? step.before.diffMem : this.#carry.dataMem;
    this.engine.axpby(hidden.count(), 1, from, 1, hidden.diffMem);
  }

  /** The numbers of clip have no gradient. */
  override allowForceBackward(bottomIndex: number): boolean {
    return bottomIndex === 0;
  }

  /** Forgets what the next batch would go on from. */
  reset(): void {
    this.#last.hidden.dataMem.zero();
    this.#last.cell.dataMem.zero();
  }

  override stateToHost(): Promise<unknown> | undefined {
    if (this.param.bottom?.length !== 2) return undefined;
    return Promise.all([this.#last.hidden.dataMem.toHost(), this.#last.cell.dataMem.toHost()]);
  }

  override state(): LayerState | undefined {
    if (this.param.bottom?.length !== 2) return undefined;
    const { hidden, cell } = this.#last;
    return { h: Array.from(hidden.values()), c: Array.from(cell.values()) };
  }

  override refuses(state: LayerState): string | undefined {
    return refusesOtherForms(this.state(), state);
  }

  override restore(state: LayerState): undefined {
    this.#last.hidden.dataMem.overwriteCpu().set(state["h"] as readonly number[]);
    this.#last.cell.dataMem.overwriteCpu().set(state["c"] as readonly number[]);
  }
}

/** h and c at one end of a pass, N×D. */
interface Ends {
  readonly hidden: Blob;
  readonly cell: Blob;
}

/** One step: `before` is h(t−1) where a stream goes on, else 0. */
interface Step extends Ends {
  readonly goesOn: Blob;
  readonly gates: Blob;
  readonly before: Blob;
  readonly unit: LSTMUnitOp;
}

/** Products with W_x and W_h (of a step, of all), steps joined, rows multiplied by whether they go on, and the cut of gradients. */
interface Ops {
  readonly input: LinearOp;
  readonly before: LinearOp;
  readonly allBefore: LinearOp;
  readonly gates: ConcatOp;
  readonly hidden: ConcatOp;
  readonly goesOn: ScaleOp;
  readonly limit: UnaryOp;
}

function endsOf(dtype: DType): Ends {
  return { hidden: new Blob([0], dtype), cell: new Blob([0], dtype) };
}
