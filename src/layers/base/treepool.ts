import type { FloatArray } from "../../util/arrays.ts";
import { countOf, type Shape, sameShape, shapeText } from "../../util/shape.ts";
import { type Window, windowOf } from "./convolution-geometry.ts";
import type { BackwardReads, LayerRole, One, ParamField } from "./layer.ts";
import { LearnedLayer } from "./learned.ts";

/** The part of a window that lies in the image. */
export interface SeenWindow {
  /** Where in the bottom it begins, and how far apart its rows are. */
  readonly from: number;
  readonly rowStep: number;
  readonly rows: number;
  readonly columns: number;
  /** How wide the whole window is. */
  readonly width: number;
}

const READ: ReadonlySet<string> = new Set(
  "kernel_size kernel_h kernel_w stride stride_h stride_w weight_filler engine".split(" "),
);

/**
 * Pooling that mixes two answers to each window as a learned mask of the window says: y = p·a + (1 − p)·b, p = σ(Σ w(i)·x(i)).
 *
 * What a window has beyond the image does not count. All channels have the same masks, 1×1×k×k each; that of p is the last blob.
 *
 * @see Lee, Gallagher & Tu, Generalizing pooling functions in convolutional neural networks, AISTATS 2016
 */
export abstract class TreepoolLayer extends LearnedLayer<One, One> {
  static override readonly paramFields: readonly ParamField[] = ["convolution_param"];
  static override readonly needs = ["host"] as const;
  static override readonly role: LayerRole = "window";

  /** How many masks it learns. */
  protected abstract readonly masks: number;
  /** p, a and b of each window. */
  protected share: Float64Array = new Float64Array(0);
  protected first: Float64Array = new Float64Array(0);
  protected second: Float64Array = new Float64Array(0);
  #window!: Window;
  #shape: Shape = [];
  #pooled: Shape = [];

  /** Notes a and b of window `o`. */
  protected abstract answer(x: FloatArray, window: SeenWindow, o: number): void;

  /** Adds to dx, where it is wanted, and to the gradients of the masks what a and b, of those gradients, pass back. */
  protected abstract passBack(
    x: FloatArray,
    window: SeenWindow,
    o: number,
    gradients: readonly [a: number, b: number],
    dx: FloatArray | undefined,
  ): void;

  override setUp([x]: One): void {
    const param = this.param.convolution_param ?? {};
    const others = Object.keys(param).filter((field) => !READ.has(field));
    if (others.length > 0) {
      this.fail(
        `convolution_param has ${others.join(", ")}, which this layer does not obey. Expected kernel_size, stride and weight_filler.`,
      );
    }
    if (x.shape.length !== 4) {
      this.fail(`bottom has shape ${shapeText(x.shape)}. Expected 4 axes, N×C×h×w.`);
    }
    this.#window = windowOf(param, 1, 4, (message) => this.fail(message));
    const shape = [1, 1, ...this.#window.kernel];
    const { weight_filler: filler } = param;
    this.makeBlobs(Array.from({ length: this.masks }, () => ({ shape, filler })));
  }

  override reshape([x]: One, [y]: One): void {
    if (sameShape(this.#shape, x.shape)) return;
    this.#shape = [];
    if (x.shape.length !== 4) {
      this.fail(`bottom has shape ${shapeText(x.shape)}. Expected 4 axes, N×C×h×w.`);
    }
    const { kernel, stride } = this.#window;
    const [batch = 0, channels = 0, ...lengths] = x.shape;
    const pooled = lengths.map((length, i) => {
      const size = Math.ceil((length - kernel[i]!) / stride[i]!) + 1;
      if (size >= 1) return size;
      return this.fail(
        `a window of ${kernel.join("×")} does not fit bottom shape ${shapeText(x.shape)}. Expected a smaller one.`,
      );
    });
    y.reshape([batch, channels, ...pooled]);
    this.#pooled = pooled;
    const count = countOf(y.shape);
    [this.share, this.first, this.second] = [0, 1, 2].map(() => new Float64Array(count)) as [
      Float64Array,
      Float64Array,
      Float64Array,
    ];
    this.#shape = x.shape;
  }

  override forward([xBlob]: One, [yBlob]: One): void {
    const [x, y] = [xBlob.dataMem.cpu(), yBlob.dataMem.overwriteCpu()];
    const mask = this.blobs[this.masks - 1]!.dataMem.cpu();
    const { share, first, second } = this;
    this.#eachWindow((window, o) => {
      const p = 1 / (1 + Math.exp(-weighed(x, window, mask)));
      this.answer(x, window, o);
      share[o] = p;
      y[o] = p * first[o]! + (1 - p) * second[o]!;
    });
  }

  override backwardReadsBottom(): BackwardReads {
    return "present";
  }

  override backward([yBlob]: One, [propagate]: readonly boolean[], [xBlob]: One): void {
    const [x, dy] = [xBlob.dataMem.cpu(), yBlob.diffMem.cpu()];
    const dx = propagate ? xBlob.diffMem.overwriteCpu().fill(0) : undefined;
    const last = this.masks - 1;
    const mask = this.blobs[last]!.dataMem.cpu();
    const dMask = this.gradientOf(last);
    const { share, first, second } = this;
    this.#eachWindow((window, o) => {
      const [p, d] = [share[o]!, dy[o]!];
      const dSum = d * p * (1 - p) * (first[o]! - second[o]!);
      spread(x, window, dSum, mask, dx, dMask);
      this.passBack(x, window, o, [d * p, d * (1 - p)], dx);
    });
  }

  /** Visits all windows in the order of the top's elements. */
  #eachWindow(visit: (window: SeenWindow, o: number) => void): void {
    const { kernel, stride } = this.#window;
    const [kh, kw] = kernel as [number, number];
    const [sh, sw] = stride as [number, number];
    const [batch, channels, height, width] = this.#shape as [number, number, number, number];
    const [rows, columns] = this.#pooled as [number, number];
    const window = { from: 0, rowStep: width, rows: 0, columns: 0, width: kw };
    let o = 0;
    for (let plane = 0; plane < batch * channels; plane++) {
      for (let r = 0; r < rows; r++) {
        window.rows = Math.min(kh, height - r * sh);
        for (let c = 0; c < columns; c++, o++) {
          window.from = (plane * height + r * sh) * width + c * sw;
          window.columns = Math.min(kw, width - c * sw);
          visit(window, o);
        }
      }
    }
  }

  /** Where the gradient of a mask is added to; undefined where it has none. */
  protected gradientOf(mask: number): FloatArray | undefined {
    return this.paramPropagateDown[mask] ? this.blobs[mask]!.diffMem.mutableCpu() : undefined;
  }
}

/** Σ mask(i)·x(i) over a window. */
export function weighed(x: FloatArray, window: SeenWindow, mask: FloatArray): number {
  let sum = 0;
  for (let r = 0; r < window.rows; r++) {
    const from = window.from + r * window.rowStep;
    for (let c = 0; c < window.columns; c++) sum += mask[r * window.width + c]! * x[from + c]!;
  }
  return sum;
}

/** Adds what Σ mask(i)·x(i), of gradient d, passes back. */
export function spread(
  x: FloatArray,
  window: SeenWindow,
  d: number,
  mask: FloatArray,
  dx: FloatArray | undefined,
  dMask: FloatArray | undefined,
): void {
  for (let r = 0; r < window.rows; r++) {
    const from = window.from + r * window.rowStep;
    for (let c = 0; c < window.columns; c++) {
      const at = r * window.width + c;
      if (dx) dx[from + c]! += d * mask[at]!;
      if (dMask) dMask[at]! += d * x[from + c]!;
    }
  }
}
