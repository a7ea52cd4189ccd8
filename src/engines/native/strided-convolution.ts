import { SyncedMem } from "../../syncedmem/synced-mem.ts";
import { countOf } from "../../util/shape.ts";
import type { ConvolutionDescriptor, LinearOp, PostOps } from "../engine.ts";
import type { Addon } from "./addon.ts";
import { nativeConvolution } from "./convolution.ts";
import { kindOf } from "./convolution-algorithms.ts";
import { convolutionShapesOf } from "./convolution-shapes.ts";
import type { Layouts } from "./layouts.ts";
import type { Tuner } from "./tuner.ts";

/**
 * Whether windows move over an image, of few channels, in steps whose squares fill blocks of channels: CaffeNet's first layer, of 11×11
 * windows that move by 4.
 */
export function suitsSquares(d: ConvolutionDescriptor, { lanes }: Pick<Addon, "lanes">): boolean {
  const [side = 0] = d.stride;
  const fillsBlocks = side > 1 && (side * side) % lanes === 0 && lanes % side === 0;
  return (
    fillsBlocks &&
    d.kernel.length === 2 &&
    d.groups === 1 &&
    d.inputChannels < lanes &&
    d.stride.every((step) => step === side) &&
    d.kernel.every((length) => length > side) &&
    d.dilation.every((distance) => distance === 1)
  );
}

/**
 * A convolution of windows that move by s, as it is, or as one of windows that move by one, whichever a trial finds faster: what lies in a square of
 * s×s is s² channels of one place then, which fill blocks, and which Winograd's algorithm may multiply.
 *
 *     y(o, i, j) = Σ W(o, c, k, l) · x(c, s·i + k, s·j + l)
 *                = Σ W'(o, (c, p, q), k', l') · x'((c, p, q), i + k', j + l')   with k = s·k' + p, l = s·l' + q
 *
 * W' is 0 where k or l is beyond the window.
 */
export function stridedConvolution(
  layouts: Layouts,
  tuner: Tuner,
  d: ConvolutionDescriptor,
): LinearOp {
  const direct = nativeConvolution(layouts, tuner, d);
  const ops: Readonly<Record<string, LinearOp>> = {
    direct,
    squares: new ConvolutionOfSquares(layouts, tuner, d),
  };
  const choose = (what: string, run: (op: LinearOp) => void): LinearOp => {
    const shapes = { ...convolutionShapesOf(d), type: layouts.type };
    const among = `strided ${what}${d.isForwardOnly ? ", weights that stay" : ""}`;
    const key = `${among} ${JSON.stringify(shapes)}`;
    const kind = `${among} like ${JSON.stringify(kindOf(shapes))}`;
    return tuner.choose(key, Object.keys(ops), (name) => ops[name] as LinearOp, run, { kind });
  };
  let forward: LinearOp | undefined;
  let weights: LinearOp | undefined;
  return {
    accepts: (posts) => direct.accepts(posts),
    forward(x, w, b, y, posts = []) {
      // A trial may not add to what is there.
      if (posts.some(({ kind }) => kind === "sum")) direct.forward(x, w, b, y, posts);
      else {
        forward ??= choose("forward", (op) => op.forward(x, w, b, y, posts));
        forward.forward(x, w, b, y, posts);
      }
    },
    backwardData: (dy, w, dx) => direct.backwardData(dy, w, dx),
    backwardWeights(x, dy, dw, db) {
      if (!dw) {
        direct.backwardWeights(x, dy, dw, db);
        return;
      }
      weights ??= choose("backward weights", (op) => {
        op.backwardWeights(x, dy, new SyncedMem(dw.count), undefined);
      });
      weights.backwardWeights(x, dy, dw, db);
    },
  };
}

/** The second of the sums above. */
class ConvolutionOfSquares implements LinearOp {
  readonly #layouts: Layouts;
  readonly #d: ConvolutionDescriptor;
  /** The convolution of x' by W'. */
  readonly #whole: ConvolutionDescriptor;
  readonly #convolution: LinearOp;
  readonly #x: SyncedMem;
  readonly #w: SyncedMem;
  readonly #dw: SyncedMem;
  /** Of each element of a window of W the place among those that W' has for the same channel, and how many those are. */
  readonly #places: Int32Array;
  readonly #plane: number;
  /** What W' was made of. */
  #source: { readonly array: SyncedMem; readonly writes: number } | undefined;

  constructor(layouts: Layouts, tuner: Tuner, d: ConvolutionDescriptor) {
    const [side = 1] = d.stride;
    const kernel = d.kernel.map((length) => Math.ceil(length / side));
    const channels = d.inputChannels * side * side;
    const whole: ConvolutionDescriptor = {
      ...d,
      ...{ inputChannels: channels, kernel, stride: [1, 1], pad: [0, 0] },
      input: d.output.map((length, i) => length + (kernel[i] as number) - 1),
    };
    this.#layouts = layouts;
    this.#d = d;
    this.#whole = whole;
    this.#convolution = nativeConvolution(layouts, tuner, whole);
    this.#x = new SyncedMem(d.batch * channels * countOf(whole.input));
    const count = d.outputChannels * channels * countOf(kernel);
    [this.#w, this.#dw] = [new SyncedMem(count), new SyncedMem(count)];
    this.#places = placesOf(d, kernel);
    this.#plane = side * side * countOf(kernel);
  }

  accepts(posts: PostOps): boolean {
    return this.#convolution.accepts(posts);
  }

  forward(
    x: SyncedMem,
    w: SyncedMem,
    b: SyncedMem | undefined,
    y: SyncedMem,
    posts?: PostOps,
  ): void {
    this.#makeWeights(w);
    this.#makeSquares(x);
    this.#convolution.forward(this.#x, this.#w, b, y, posts);
    this.#x.zero();
  }

  backwardData(): never {
    throw new Error("an image's gradient is the direct convolution's");
  }

  backwardWeights(
    x: SyncedMem,
    dy: SyncedMem,
    dw: SyncedMem | undefined,
    db: SyncedMem | undefined,
  ): void {
    this.#makeSquares(x);
    this.#dw.zero();
    this.#convolution.backwardWeights(this.#x, dy, dw && this.#dw, db);
    this.#x.zero();
    if (!dw) return;
    const from = this.#dw.cpu();
    const to = dw.mutableCpu();
    const [places, length] = [this.#places, this.#places.length];
    for (let plane = 0, at = 0; at < to.length; plane++, at += length) {
      const begin = plane * this.#plane;
      for (let i = 0; i < length; i++) to[at + i]! += from[begin + places[i]!]!;
    }
    this.#dw.zero();
  }

  #makeSquares(x: SyncedMem): void {
    const layouts = this.#layouts;
    const { floats, addon } = layouts;
    const { batch, inputChannels, input, stride, pad } = this.#d;
    const whole = this.#whole;
    const to = layouts.blocked([batch, whole.inputChannels, ...whole.input], addon.lanes);
    const known = layouts.knownGreatest(x);
    const [height = 1, width = 1] = input;
    const [[side = 1], [top = 0, left = 0], [rows = 1, columns = 1]] = [stride, pad, whole.input];
    addon.squares(
      ...([batch, inputChannels, height, width, side, top, left, rows, columns] as const),
      addon.lanes,
      floats.read(x, floats.plain([batch, inputChannels, ...input])),
      layouts.write(this.#x, to),
    );
    if (known < Number.POSITIVE_INFINITY) layouts.bound(this.#x, known);
  }

  #makeWeights(w: SyncedMem): void {
    if (this.#source?.array === w && this.#source.writes === w.writes) return;
    const from = w.cpu();
    const to = this.#w.overwriteCpu().fill(0);
    const [places, length] = [this.#places, this.#places.length];
    for (let plane = 0, at = 0; at < w.count; plane++, at += length) {
      const begin = plane * this.#plane;
      for (let i = 0; i < length; i++) to[begin + places[i]!] = from[at + i]!;
    }
    this.#source = { array: w, writes: w.writes };
  }
}

/** Of each element of a window its place among the squares' elements, each of which has a window of that size. */
function placesOf(
  { kernel: [height = 1, width = 1], stride: [side = 1] }: ConvolutionDescriptor,
  [rows = 1, columns = 1]: readonly number[],
): Int32Array {
  return Int32Array.from({ length: height * width }, (_, i) => {
    const [k, l] = [Math.floor(i / width), i % width];
    const channel = (k % side) * side + (l % side);
    return (channel * rows + Math.floor(k / side)) * columns + Math.floor(l / side);
  });
}
