import type { Shape } from "../../util/shape.ts";
import type { Buffer, ViewArgs } from "./buffer.ts";

type WindowArgs = [
  planes: number,
  input: Shape,
  output: Shape,
  kernel: Shape,
  stride: Shape,
  pad: Shape,
  dilation: Shape,
  from: Buffer,
  to: Buffer,
];

/** The input seen by channels, then height and width of input and output, kernel, stride and pad. */
export type PoolArgs = [
  ...ViewArgs,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
];

/** Parameters of a response normalisation. */
export type NormArgs = [localSize: number, alpha: number, beta: number, k: number];

/** An array seen by channels, its planes' size, and the parameters of a response normalisation within them. */
type WithinArgs = [...ViewArgs, height: number, width: number, ...NormArgs];

/** Maps seen by channels, their height and width, how many regions there are, and the rows and columns of their bins. */
type RegionArgs = [
  ...ViewArgs,
  height: number,
  width: number,
  regions: number,
  rows: number,
  columns: number,
  bins: Buffer,
];

/** What goes over planes window by window: native/src/windows.cc, unpooling.cc, regions.cc, lrn.cc, and im2col and squares in copies.cc. */
export interface Windowing {
  im2col(...args: WindowArgs): void;
  col2im(...args: WindowArgs): void;
  /** Squares of planes as channels of one place, in blocks: see strided-convolution.ts. x is of floats. */
  squares(
    ...args: [
      images: number,
      channels: number,
      height: number,
      width: number,
      side: number,
      top: number,
      left: number,
      rows: number,
      columns: number,
      lanes: number,
      x: Buffer,
      y: Buffer,
    ]
  ): void;
  maxPool(...args: [...PoolArgs, isRectified: boolean, x: Buffer, y: Buffer, marks: Buffer]): void;
  maxPoolBackward(...args: [...PoolArgs, dy: Buffer, marks: Buffer, dx: Buffer]): void;
  indexedMaxPool(...args: [...PoolArgs, x: Buffer, y: Buffer, index: Buffer]): void;
  indexedMaxPoolBackward(...args: [...PoolArgs, dy: Buffer, index: Buffer, dx: Buffer]): void;
  meanPool(...args: [...PoolArgs, x: Buffer, y: Buffer]): void;
  meanPoolBackward(...args: [...PoolArgs, dy: Buffer, dx: Buffer]): void;
  drawnPool(
    ...args: [...PoolArgs, stream: number, pass: number, x: Buffer, y: Buffer, index: Buffer]
  ): void;
  expectedPool(...args: [...PoolArgs, x: Buffer, y: Buffer]): void;
  expectedPoolBackward(...args: [...PoolArgs, x: Buffer, dy: Buffer, dx: Buffer]): void;
  /** `size`: positions of a large plane. */
  unpool(...args: [...ViewArgs, size: number, x: Buffer, mask: Buffer, y: Buffer]): number;
  unpoolBackward(...args: [...ViewArgs, size: number, dy: Buffer, mask: Buffer, dx: Buffer]): void;
  regionMaxima(...args: [...RegionArgs, x: Buffer, y: Buffer, winners: Buffer]): void;
  regionMaximaBackward(...args: [...RegionArgs, dy: Buffer, winners: Buffer, dx: Buffer]): void;
  regionMeans(...args: [...RegionArgs, x: Buffer, y: Buffer]): void;
  regionMeansBackward(...args: [...RegionArgs, dy: Buffer, dx: Buffer]): void;
  regionPoints(...args: [...RegionArgs, x: Buffer, y: Buffer]): void;
  regionPointsBackward(...args: [...RegionArgs, dy: Buffer, dx: Buffer]): void;
  lrnWithin(...args: [...WithinArgs, x: Buffer, y: Buffer]): void;
  lrnWithinBackward(...args: [...WithinArgs, x: Buffer, y: Buffer, dy: Buffer, dx: Buffer]): void;
  lrnAcross(...args: [...ViewArgs, ...NormArgs, x: Buffer, y: Buffer]): void;
  lrnAcrossBackward(...args: [...ViewArgs, ...NormArgs, x: Buffer, dy: Buffer, dx: Buffer]): void;
}
