import { type Shape, sameShape, shapeText } from "../../util/shape.ts";
import { type BackwardReads, Layer, type LayerRole, type One } from "./layer.ts";

/** What a layer that resizes planes is asked for: its message, read. */
export interface Resizing {
  readonly field: string;
  readonly align_corners: boolean;
  readonly data_format: string;
  readonly output_height?: number;
  readonly output_width?: number;
  readonly scale_height: number;
  readonly scale_width: number;
}

/** Of one axis: the two places that each place of the top lies between, and how far it is on the way to the second. */
export interface Taps {
  readonly lower: Int32Array;
  readonly upper: Int32Array;
  readonly part: Float64Array;
}

/** A layer that reads its bottom's planes between their places: rows and columns by themselves. */
export abstract class ResizedLayer extends Layer<One, One> {
  static override readonly role: LayerRole = "window";
  static override readonly hostTopDiffs: readonly number[] = [0];

  #shape: Shape | undefined;
  /** Planes, their height and width, and elements of one place: channels where they come last. */
  #from: readonly [planes: number, height: number, width: number, inner: number] = [0, 0, 0, 0];
  #rows!: Taps;
  #columns!: Taps;

  protected abstract resizing(): Resizing;

  /** Where the places of an axis of length `to` lie in one of length `from`. */
  protected abstract taps(from: number, to: number): Taps;

  override reshape([x]: One, [y]: One): void {
    if (this.#shape && sameShape(this.#shape, x.shape)) return;
    const { field, data_format, output_height, output_width, scale_height, scale_width } =
      this.resizing();
    const isLast = data_format === "NHWC";
    if (x.shape.length !== 4 || !(isLast || data_format === "NCHW")) {
      this.fail(
        `bottom has shape ${shapeText(x.shape)}, ${field}.data_format is ${data_format}. Expected four axes, and NCHW or NHWC.`,
      );
    }
    const [height = 0, width = 0] = isLast ? x.shape.slice(1, 3) : x.shape.slice(2);
    const size = [
      output_height ?? Math.floor(height * Math.fround(scale_height)),
      output_width ?? Math.floor(width * Math.fround(scale_width)),
    ] as const;
    if (size.some((length) => !(length >= 1)) || height * width === 0) {
      this.fail(
        `${height} × ${width} become ${size.join(" × ")}. Expected 1 or more: ${field} takes output_height and output_width, or scale_height and scale_width.`,
      );
    }
    const [n = 0, c = 0] = x.shape;
    y.reshape(isLast ? [n, ...size, x.shape[3]!] : [n, c, ...size]);
    this.#from = isLast ? [n, height, width, x.shape[3]!] : [n * c, height, width, 1];
    this.#rows = this.taps(height, size[0]);
    this.#columns = this.taps(width, size[1]);
    this.#shape = x.shape;
  }

  override forward([x]: One, [y]: One): void {
    const [from, to] = [x.dataMem.cpu(), y.dataMem.overwriteCpu()];
    this.#each((at, a, b, c, d, right, down) => {
      const top = from[a]! + (right === 0 ? 0 : (from[b]! - from[a]!) * right);
      const bottom = from[c]! + (right === 0 ? 0 : (from[d]! - from[c]!) * right);
      to[at] = top + (down === 0 ? 0 : (bottom - top) * down);
    });
  }

  override backwardReadsBottom(): BackwardReads {
    return "nothing";
  }

  override backward([y]: One, [propagate]: readonly boolean[], [x]: One): void {
    if (!propagate) return;
    const [dy, dx] = [y.diffMem.cpu(), x.diffMem.overwriteCpu()];
    dx.fill(0, 0, x.count());
    this.#each((at, a, b, c, d, right, down) => {
      dx[a]! += dy[at]! * (1 - right) * (1 - down);
      dx[b]! += dy[at]! * right * (1 - down);
      dx[c]! += dy[at]! * (1 - right) * down;
      dx[d]! += dy[at]! * right * down;
    });
  }

  /** Every element of the top, the four of the bottom around it, and how far it lies to the right and down. */
  #each(
    visit: (
      at: number,
      a: number,
      b: number,
      c: number,
      d: number,
      right: number,
      down: number,
    ) => void,
  ): void {
    const [planes, height, width, inner] = this.#from;
    const [rows, columns] = [this.#rows, this.#columns];
    let at = 0;
    for (let p = 0; p < planes; p++) {
      for (let h = 0; h < rows.part.length; h++) {
        const above = (p * height + rows.lower[h]!) * width;
        const below = (p * height + rows.upper[h]!) * width;
        for (let w = 0; w < columns.part.length; w++) {
          const [left, right] = [columns.lower[w]! * inner, columns.upper[w]! * inner];
          const [part, down] = [columns.part[w]!, rows.part[h]!];
          for (let i = 0; i < inner; i++, at++) {
            const [u, v] = [above * inner + i, below * inner + i];
            visit(at, u + left, u + right, v + left, v + right, part, down);
          }
        }
      }
    }
  }
}

/** The step from place to place, as single floats have it in the forks. */
export function stepOf(from: number, to: number, alignCorners: boolean): number {
  return Math.fround(alignCorners && to > 1 ? (from - 1) / (to - 1) : from / to);
}
