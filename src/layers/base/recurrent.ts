import type { Blob } from "../../blob/blob.ts";
import type { Primitive } from "../../engines/engine.ts";
import type { LayerParameter, NetParameter, RecurrentParameter } from "../../io/proto/caffe.ts";
import { withDefaults } from "../../io/proto/messages.ts";
import { type Shape, sameShape, shapeText } from "../../util/shape.ts";
import {
  type BackwardReads,
  type Blobs,
  type InnerNet,
  Layer,
  type LayerRole,
  type LayerState,
  type ParamField,
} from "./layer.ts";

/** The layers of one recurrent architecture, written out for every step. */
export interface Unrolled {
  readonly layers: readonly LayerParameter[];
  /** Blob that holds the outputs of all steps, T×N×…. */
  readonly output: string;
  /** Hidden state before the first step and after the last: pairs of blobs, 1×N×D. */
  readonly hidden: readonly (readonly [before: string, after: string])[];
}

/**
 * A network within a layer that passes its hidden state on from step to step.
 *
 * It is unrolled: an inner net holds each step's layers, which share their weights by name. The hidden state
 * goes on from one batch to the next, and a 0 in `cont` begins a sequence anew. Gradients end with the batch.
 *
 * - bottom[0] x: T×N×…, T steps of N streams; bottom[1] cont: T×N; bottom[2], optional, static input N×…
 * - with `expose_hidden` the hidden state before comes in as last bottoms, and goes out as last tops, 1×N×D
 * - top[0]: T×N×num_output; T must not change, N may
 *
 * @see Caffe's RecurrentLayer
 */
export abstract class RecurrentLayer extends Layer<Blobs, Blobs> {
  static override readonly role: LayerRole = "learned";
  static override readonly paramFields: readonly ParamField[] = ["recurrent_param"];
  static override readonly needs: readonly Primitive[] = ["copy"];
  /** How many blobs the hidden state is. */
  protected abstract readonly hiddenBlobs: number;

  #net!: InnerNet;
  #unrolled!: Unrolled;
  #steps = 0;
  #last = 0;
  #hasStatic = false;
  #isExposed = false;
  #shapes: readonly Shape[] = [];

  /** The architecture's layers for `steps` steps of inputs named x, cont and, if there is one, x_static. */
  protected abstract unroll(steps: number, hasStatic: boolean, param: RecurrentParameter): Unrolled;

  /** Blobs that the caller gives and takes besides x and top[0]. */
  get #exposed(): number {
    return this.#isExposed ? this.hiddenBlobs : 0;
  }

  override setUp(bottom: Blobs, top: Blobs): void {
    const param = withDefaults("RecurrentParameter", this.param.recurrent_param);
    this.#isExposed = param.expose_hidden;
    const [least, most] = [2 + this.#exposed, 3 + this.#exposed];
    if (bottom.length < least || bottom.length > most || top.length !== 1 + this.#exposed) {
      this.fail(
        `${bottom.length} bottoms and ${top.length} tops. Expected ${least} or ${most} bottoms and ${1 + this.#exposed} tops${this.#isExposed ? ", with expose_hidden" : ""}.`,
      );
    }
    if (param.num_output < 1) this.fail("recurrent_param.num_output must be positive.");
    this.#hasStatic = bottom.length === most;
    this.#checkShapes(bottom);
    this.#steps = bottom[0]!.shape[0] ?? 0;
    const streams = bottom[0]!.shape[1] ?? 0;
    this.context.log(
      `Initializing recurrent layer: assuming input batch contains ${this.#steps} timesteps of ${streams} independent streams.`,
    );
    this.#unrolled = this.unroll(this.#steps, this.#hasStatic, param);
    const given = this.blobs.splice(0);
    this.#net = this.context.buildNet(this.#netParameter(bottom, streams, param.num_output));
    this.#net.debugInfo = param.debug_info;
    // The pseudo-losses behind the outputs are never run.
    this.#last = this.#net.layerNames.length - 2;
    for (const { blob } of this.#net.learnableParams) this.blobs.push(blob);
    this.#takeOver(given);
    for (const [, after] of this.#unrolled.hidden) this.#net.blob(after).diffMem.zero();
  }

  /** Weights that came with the prototxt. */
  #takeOver(given: readonly Blob[]): void {
    if (given.length === 0) return;
    if (given.length !== this.blobs.length) {
      this.fail(`${given.length} blobs are given. Expected ${this.blobs.length}.`);
    }
    given.forEach((blob, i) => {
      const own = this.blobs[i]!;
      if (!sameShape(blob.shape, own.shape)) {
        this.fail(
          `blob ${i} is given with shape ${shapeText(blob.shape)}. Expected ${shapeText(own.shape)}.`,
        );
      }
      own.dataMem.overwriteCpu().set(blob.values());
    });
  }

  #netParameter(bottom: Blobs, streams: number, outputs: number): NetParameter {
    const hidden = { dim: [1, streams, outputs] };
    const names = ["x", "cont", ...(this.#hasStatic ? ["x_static"] : [])];
    const input: LayerParameter = {
      name: "input",
      type: "Input",
      top: [...names, ...this.#unrolled.hidden.map(([before]) => before)],
      input_param: {
        shape: [
          ...names.map((_, i) => ({ dim: [...bottom[i]!.shape] })),
          ...this.#unrolled.hidden.map(() => hidden),
        ],
      },
    };
    const { output } = this.#unrolled;
    // A loss on the output makes the inner net compute its gradients; forcing backward would ask for that of cont.
    const pseudoLoss: LayerParameter = {
      name: `${output}_pseudoloss`,
      type: "Reduction",
      bottom: [output],
      top: [`${output}_pseudoloss`],
      loss_weight: [1],
    };
    const { key } = this.context;
    const layer = [input, ...this.#unrolled.layers, pseudoLoss].map((inner) => ({
      ...inner,
      name: key === "" ? inner.name : `${key}_${inner.name}`,
    })) as LayerParameter[];
    return { name: key, layer };
  }

  #checkShapes(bottom: Blobs): void {
    const [x, cont, still] = bottom as [Blob, Blob, Blob | undefined];
    const [steps, streams] = x.shape;
    if (x.shape.length < 2) {
      this.fail(
        `bottom 0 has shape ${shapeText(x.shape)}. bottom[0] must have at least 2 axes -- (#timesteps, #streams, ...).`,
      );
    }
    if (!sameShape(cont.shape, x.shape.slice(0, 2))) {
      this.fail(
        `bottom 1 has shape ${shapeText(cont.shape)}. Expected ${shapeText(x.shape.slice(0, 2))}: (#timesteps, #streams).`,
      );
    }
    if (this.#steps > 0 && steps !== this.#steps) {
      this.fail(`${steps} timesteps. input number of timesteps changed; expected ${this.#steps}.`);
    }
    if (this.#hasStatic && still?.shape[0] !== streams) {
      this.fail(
        `bottom 2 has shape ${shapeText(still?.shape ?? [])}. Expected ${streams} rows, one for each stream.`,
      );
    }
  }

  override reshape(bottom: Blobs, top: Blobs): void {
    const shapes = bottom.map(({ shape }) => shape);
    const net = this.#net;
    if (!shapes.every((shape, i) => sameShape(shape, this.#shapes[i] ?? [-1]))) {
      this.#checkShapes(bottom);
      this.#shapes = shapes;
      const hidden = [1, bottom[0]!.shape[1] ?? 0, this.param.recurrent_param?.num_output ?? 0];
      net.blob("x").reshapeLike(bottom[0]!);
      net.blob("cont").reshapeLike(bottom[1]!);
      if (this.#hasStatic) net.blob("x_static").reshapeLike(bottom[2]!);
      for (const [before] of this.#unrolled.hidden) net.blob(before).reshape(hidden);
      net.reshape();
      for (let i = bottom.length - this.#exposed; i < bottom.length; i++) {
        if (!sameShape(bottom[i]!.shape, hidden)) {
          this.fail(
            `bottom ${i} has shape ${shapeText(bottom[i]!.shape)}. Expected ${shapeText(hidden)}, a hidden state.`,
          );
        }
      }
    }
    this.#share(bottom, top);
  }

  /** The inner net's inputs and outputs are this layer's bottoms and tops, without copying. */
  #share(bottom: Blobs, top: Blobs): void {
    const net = this.#net;
    const share = (inner: Blob, outer: Blob): void => {
      inner.shareData(outer);
      inner.shareDiff(outer);
    };
    share(net.blob("x"), bottom[0]!);
    net.blob("cont").shareData(bottom[1]!);
    if (this.#hasStatic) share(net.blob("x_static"), bottom[2]!);
    const y = net.blob(this.#unrolled.output);
    top[0]!.reshapeLike(y);
    share(top[0]!, y);
    if (!this.#isExposed) return;
    this.#unrolled.hidden.forEach(([before, after], i) => {
      net.blob(before).shareData(bottom[bottom.length - this.hiddenBlobs + i]!);
      top[1 + i]!.reshapeLike(net.blob(after));
    });
  }

  /** Every weight at every step of every stream. */
  override macs([x]: Blobs): number {
    const matrices = this.blobs.filter(({ shape }) => shape.length > 1);
    return x!.count(0, 2) * matrices.reduce((sum, weights) => sum + weights.count(), 0);
  }

  override forward(_bottom: Blobs, top: Blobs): void {
    const net = this.#net;
    // Another net's weights may have been put in the place of this layer's; its steps must see them too.
    net.reshareParameters();
    if (!this.#isExposed) {
      for (const [before, after] of this.#unrolled.hidden) {
        const [from, to] = [net.blob(after), net.blob(before)];
        this.engine.copy(from.count(), from.dataMem, to.dataMem);
      }
    }
    net.forwardNow(0, this.#last);
    if (this.#isExposed) {
      this.#unrolled.hidden.forEach(([, after], i) => {
        top[1 + i]!.shareData(net.blob(after));
      });
    }
  }

  override backwardReadsBottom(): BackwardReads {
    return "present";
  }

  override backward(_top: Blobs, propagateDown: readonly boolean[]): void {
    if (propagateDown[1]) this.fail("Cannot backpropagate to sequence indicators.");
    this.#net.backwardNow(this.#last, 0);
  }

  /** No gradient comes in by the hidden state after the last step, nor goes out by that before the first. */
  override allowForceBackward(bottomIndex: number): boolean {
    return bottomIndex === 0 || (bottomIndex === 2 && this.#hasStatic);
  }

  override readsTopDiff(topIndex: number): boolean {
    return topIndex === 0;
  }

  /** After a single step the top is the hidden state. */
  override get carriesTops(): boolean {
    return this.#shapes[0]?.[0] === 1;
  }

  /** Forgets the hidden state. */
  reset(): void {
    for (const [, after] of this.#unrolled.hidden) this.#net.blob(after).dataMem.zero();
  }

  override stateToHost(): Promise<unknown> {
    const hidden = this.#unrolled.hidden.map(([, after]) => this.#net.blob(after));
    return Promise.all(hidden.map(({ dataMem }) => dataMem.toHost()));
  }

  override state(): LayerState {
    return Object.fromEntries(
      this.#unrolled.hidden.map(([, after]) => [after, Array.from(this.#net.blob(after).values())]),
    );
  }

  override refuses(state: LayerState): string | undefined {
    const outputs = this.param.recurrent_param?.num_output ?? 0;
    const streams = this.#shapes[0]?.[1] ?? 0;
    const hidden = Object.values(state).map((values) => (values as readonly number[]).length);
    const wanted = streams * outputs;
    if (hidden.length === this.#unrolled.hidden.length && hidden.every((n) => n === wanted)) {
      return undefined;
    }
    return `its hidden state has ${hidden.join(" and ")} values. Expected ${this.#unrolled.hidden.map(() => wanted).join(" and ")}, for ${streams} streams of ${outputs}.`;
  }

  /** A state is named by the last step, of which another run may have had another number. */
  override restore(state: LayerState): undefined {
    const hidden = Object.values(state) as (readonly number[])[];
    this.#unrolled.hidden.forEach(([, after], i) => {
      this.#net.blob(after).dataMem.overwriteCpu().set(hidden[i]!);
    });
  }

  override close(): void {
    // Set-up may have failed before there was a net.
    (this.#net as InnerNet | undefined)?.close();
  }
}
