import { Blob } from "../../blob/blob.ts";
import type { LinearOp, Primitive } from "../../engines/engine.ts";
import { withDefaults } from "../../io/proto/messages.ts";
import { allocate, type FloatArray } from "../../util/arrays.ts";
import { type Shape, sameShape, shapeText } from "../../util/shape.ts";
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
  static override readonly needs: readonly Primitive[] = ["innerProduct", "host"];
  static override readonly bottoms = arity.oneOrTwo;
  static override readonly hostBottoms: readonly number[] = [1];
  static override readonly hostTopDiffs: readonly number[] = [0];

  #outputs = 0;
  #limit = 0;
  #features = 0;
  #steps = 0;
  #streams = 0;
  #shape: Shape | undefined;
  /** x · W_xᵀ + b of all steps; its diff is that of the gates' inputs. */
  readonly #inputs: Blob = new Blob([0], this.context.dtype);
  /** h(t−1) of all steps, 0 where a sequence begins. */
  readonly #before: Blob = new Blob([0], this.context.dtype);
  /** The same of one step, and its product with W_h. */
  readonly #step: Blob = new Blob([0], this.context.dtype);
  readonly #product: Blob = new Blob([0], this.context.dtype);
  #ofInput!: LinearOp;
  #ofBefore!: LinearOp;
  #ofStep!: LinearOp;
  /** What σ and tanh made of the gates' inputs, and c, of all steps. */
  #gates: FloatArray = allocate(this.context.dtype, 0);
  #cells: FloatArray = this.#gates;
  /** Whether a stream goes on at a step. */
  #goesOn: Uint8Array = new Uint8Array(0);
  /** h and c after the last step, c before the first, and ∂E/∂c on its way back. */
  #lastHidden: FloatArray = this.#gates;
  #lastCell: FloatArray = this.#gates;
  #firstCell: FloatArray = this.#gates;
  #cellDiff: FloatArray = this.#gates;

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

  override reshape([x, clip]: OneOrMore, [h]: One): void {
    const { rows, streams, features } = this.#form(x);
    if (features !== this.#features) {
      this.fail(
        `${features} features in a step, bottom shape ${shapeText(x.shape)}. Expected ${this.#features}, as when the weights were set up.`,
      );
    }
    const count = rows.reduce((product, size) => product * size, 1);
    if (clip && clip.count() !== count) {
      this.fail(
        `bottom 1 has shape ${shapeText(clip.shape)}. Expected one number for each of ${count} steps.`,
      );
    }
    h.reshape([...rows, this.#outputs]);
    if (this.#shape && sameShape(this.#shape, x.shape)) return;
    this.#shape = x.shape;
    const [d, { dtype }] = [this.#outputs, this.context];
    this.#steps = streams === 0 ? 0 : count / streams;
    this.#inputs.reshape([count, 4 * d]);
    this.#before.reshape([count, d]);
    this.#step.reshape([streams, d]);
    this.#product.reshape([streams, 4 * d]);
    const op = (input: Shape, hasBias: boolean): LinearOp =>
      this.engine.innerProduct({ input, outputs: 4 * d, hasBias, transpose: false });
    this.#ofInput = op([count, features], true);
    this.#ofBefore = op([count, d], false);
    this.#ofStep = op([streams, d], false);
    this.#gates = allocate(dtype, count * 4 * d);
    this.#cells = allocate(dtype, count * d);
    this.#goesOn = new Uint8Array(count);
    this.#firstCell = allocate(dtype, streams * d);
    this.#cellDiff = allocate(dtype, streams * d);
    if (this.#streams === streams) return;
    this.#streams = streams;
    this.#lastHidden = allocate(dtype, streams * d);
    this.#lastCell = allocate(dtype, streams * d);
  }

  /** Both matrices at every step of every stream. */
  override macs(): number {
    const d = this.#outputs;
    return this.#steps * this.#streams * 4 * d * (this.#features + d);
  }

  override forward([x, clip]: OneOrMore, [top]: One): void {
    const [wx, wh, b] = this.blobs;
    this.#ofInput.forward(x.dataMem, wx!.dataMem, b!.dataMem, this.#inputs.dataMem);
    this.#begin(clip);
    const inputs = this.#inputs.dataMem.cpu();
    const before = this.#before.dataMem.overwriteCpu();
    const h = top.dataMem.overwriteCpu();
    const d = this.#outputs;
    const size = this.#streams * d;
    for (let t = 0; t < this.#steps; t++) {
      const row = t * this.#streams;
      this.#copyBefore(
        row,
        t === 0 ? this.#lastHidden : h,
        t === 0 ? 0 : row - this.#streams,
        before,
      );
      this.#step.dataMem.overwriteCpu().set(before.subarray(row * d, row * d + size));
      this.#ofStep.forward(this.#step.dataMem, wh!.dataMem, undefined, this.#product.dataMem);
      this.#unit(row, inputs, this.#product.dataMem.cpu(), h);
    }
    if (this.#steps === 0) return;
    this.#lastHidden.set(h.subarray((this.#steps - 1) * size, this.#steps * size));
    this.#lastCell.set(this.#cells.subarray((this.#steps - 1) * size, this.#steps * size));
  }

  /** Where sequences go on, and c before the first step. */
  #begin(clip: Blob | undefined): void {
    if (clip) {
      const flags = clip.dataMem.cpu();
      for (let i = 0; i < this.#goesOn.length; i++) this.#goesOn[i] = flags[i] === 0 ? 0 : 1;
    } else this.#goesOn.fill(1).fill(0, 0, this.#streams);
    this.#firstCell.set(this.#lastCell);
  }

  /** h of the step before, which lies in `from` from a row on, or 0. */
  #copyBefore(row: number, from: FloatArray, fromRow: number, before: FloatArray): void {
    const d = this.#outputs;
    for (let n = 0; n < this.#streams; n++) {
      const [at, source] = [(row + n) * d, (fromRow + n) * d];
      const goesOn = this.#goesOn[row + n] === 1;
      for (let i = 0; i < d; i++) before[at + i] = goesOn ? from[source + i]! : 0;
    }
  }

  /** One step of all streams. */
  #unit(row: number, inputs: FloatArray, product: FloatArray, h: FloatArray): void {
    const d = this.#outputs;
    const [gates, cells] = [this.#gates, this.#cells];
    for (let n = 0; n < this.#streams; n++) {
      const goesOn = this.#goesOn[row + n] === 1;
      const gate = (row + n) * 4 * d;
      const added = n * 4 * d;
      for (let i = 0; i < d; i++) {
        const at = gate + i;
        const input = sigmoid(inputs[at]! + product[added + i]!);
        const forget = sigmoid(inputs[at + d]! + product[added + d + i]!);
        const output = sigmoid(inputs[at + 2 * d]! + product[added + 2 * d + i]!);
        const value = Math.tanh(inputs[at + 3 * d]! + product[added + 3 * d + i]!);
        const old = goesOn ? this.#cellBefore(row, n * d + i) : 0;
        const cell = (goesOn ? forget * old : 0) + input * value;
        gates[at] = input;
        gates[at + d] = forget;
        gates[at + 2 * d] = output;
        gates[at + 3 * d] = value;
        cells[(row + n) * d + i] = cell;
        h[(row + n) * d + i] = output * Math.tanh(cell);
      }
    }
  }

  /** c of the step before the one that begins at a row. */
  #cellBefore(row: number, i: number): number {
    return row === 0
      ? this.#firstCell[i]!
      : this.#cells[(row - this.#streams) * this.#outputs + i]!;
  }

  override backwardReadsBottom(bottomIndex: number): BackwardReads {
    return bottomIndex === 0 && this.paramPropagateDown[0] === true ? "present" : "nothing";
  }

  override backward([top]: One, [toX, toClip]: readonly boolean[], [x]: OneOrMore): void {
    if (toClip) this.fail("Cannot backpropagate to sequence indicators.");
    const [wx, wh, b] = this.blobs;
    const dy = top.diffMem.cpu();
    const inputDiff = this.#inputs.diffMem.overwriteCpu();
    const d = this.#outputs;
    const size = this.#streams * d;
    this.#cellDiff.fill(0);
    this.#step.diffMem.overwriteCpu().fill(0);
    for (let t = this.#steps - 1; t >= 0; t--) {
      const row = t * this.#streams;
      this.#unitBackward(row, dy, this.#step.diffMem.cpu(), inputDiff);
      if (t === 0) break;
      this.#product.diffMem
        .overwriteCpu()
        .set(inputDiff.subarray(row * 4 * d, row * 4 * d + 4 * size));
      this.#ofStep.backwardData(this.#product.diffMem, wh!.dataMem, this.#step.diffMem);
    }
    const [learnsX, learnsH, learnsB] = this.paramPropagateDown;
    this.#ofInput.backwardWeights(
      x.dataMem,
      this.#inputs.diffMem,
      learnsX ? wx!.diffMem : undefined,
      learnsB ? b!.diffMem : undefined,
    );
    if (learnsH) {
      this.#ofBefore.backwardWeights(
        this.#before.dataMem,
        this.#inputs.diffMem,
        wh!.diffMem,
        undefined,
      );
    }
    if (toX) this.#ofInput.backwardData(this.#inputs.diffMem, wx!.dataMem, x.diffMem);
  }

  /** Backward of one step: `later` is ∂E/∂h by the step behind it, of streams that go on there. */
  #unitBackward(row: number, dy: FloatArray, later: FloatArray, inputDiff: FloatArray): void {
    const limit = this.#limit;
    const d = this.#outputs;
    const [gates, cells, cellDiff] = [this.#gates, this.#cells, this.#cellDiff];
    for (let n = 0; n < this.#streams; n++) {
      const goesOn = this.#goesOn[row + n] === 1;
      const next = row + this.#streams + n;
      const goesOnLater = next < this.#goesOn.length && this.#goesOn[next] === 1;
      for (let i = 0; i < d; i++) {
        const at = (row + n) * 4 * d + i;
        const [input, forget] = [gates[at]!, gates[at + d]!];
        const [output, value] = [gates[at + 2 * d]!, gates[at + 3 * d]!];
        const j = n * d + i;
        const dh = dy[row * d + j]! + (goesOnLater ? later[j]! : 0);
        const squashed = Math.tanh(cells[row * d + j]!);
        const dc = (goesOnLater ? cellDiff[j]! : 0) + dh * output * (1 - squashed * squashed);
        const old = goesOn ? this.#cellBefore(row, j) : 0;
        cellDiff[j] = dc * forget;
        inputDiff[at] = within(limit, dc * value * input * (1 - input));
        inputDiff[at + d] = goesOn ? within(limit, dc * old * forget * (1 - forget)) : 0;
        inputDiff[at + 2 * d] = within(limit, dh * squashed * output * (1 - output));
        inputDiff[at + 3 * d] = within(limit, dc * input * (1 - value * value));
      }
    }
  }

  /** The numbers of clip have no gradient. */
  override allowForceBackward(bottomIndex: number): boolean {
    return bottomIndex === 0;
  }

  /** Forgets what the next batch would go on from. */
  reset(): void {
    this.#lastHidden.fill(0);
    this.#lastCell.fill(0);
  }

  override state(): LayerState | undefined {
    if (this.param.bottom?.length !== 2) return undefined;
    return { h: Array.from(this.#lastHidden), c: Array.from(this.#lastCell) };
  }

  override refuses(state: LayerState): string | undefined {
    return refusesOtherForms(this.state(), state);
  }

  override restore(state: LayerState): undefined {
    this.#lastHidden.set(state["h"] as readonly number[]);
    this.#lastCell.set(state["c"] as readonly number[]);
  }
}

function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}

/** Cut to the limit either way, where there is one. */
function within(limit: number, x: number): number {
  return limit === 0 ? x : Math.max(-limit, Math.min(limit, x));
}
