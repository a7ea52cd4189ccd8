import type { SyncedMem } from "../../syncedmem/synced-mem.ts";
import type { FloatArray } from "../../util/arrays.ts";
import { countOf } from "../../util/shape.ts";
import type { ConvolutionDescriptor, LinearOp, PostOps } from "../engine.ts";
import { windowOffsets } from "../window-offsets.ts";

/**
 * Convolution over any number of spatial axes by unfolding windows into columns: for each image and group,
 * column row (c, k…) holds the input value under kernel element k for every output position.
 */
export function referenceConvolution(d: ConvolutionDescriptor): LinearOp {
  const inC = d.inputChannels / d.groups;
  const outC = d.outputChannels / d.groups;
  const k = countOf(d.kernel);
  const inSize = countOf(d.input);
  const outSize = countOf(d.output);
  const rows = inC * k;
  const offsets = windowOffsets(d);
  let column: FloatArray = new Float32Array(0);

  /** (inC·k, outSize) for the image and group that begin at `from` in x. */
  const unfold = (x: FloatArray, from: number): FloatArray => {
    if (column.length === 0)
      column = new (x.constructor as Float32ArrayConstructor)(rows * outSize);
    for (let c = 0; c < inC; c++) {
      const plane = from + c * inSize;
      for (let e = 0; e < k * outSize; e++) {
        const at = offsets[e]!;
        column[c * k * outSize + e] = at < 0 ? 0 : x[plane + at]!;
      }
    }
    return column;
  };

  return {
    accepts: (posts) => posts.every(({ kind }) => kind === "unary"),
    forward(xMem, wMem, bMem, yMem, posts: PostOps = []) {
      const [x, w, b, y] = [xMem.cpu(), wMem.cpu(), bMem?.cpu(), yMem.overwriteCpu()];
      for (let n = 0; n < d.batch; n++) {
        for (let g = 0; g < d.groups; g++) {
          const col = unfold(x, (n * d.inputChannels + g * inC) * inSize);
          for (let o = 0; o < outC; o++) {
            const channel = g * outC + o;
            const to = (n * d.outputChannels + channel) * outSize;
            y.fill(b ? b[channel]! : 0, to, to + outSize);
            for (let r = 0; r < rows; r++) {
              const weight = w[channel * rows + r]!;
              const from = r * outSize;
              for (let i = 0; i < outSize; i++) y[to + i]! += weight * col[from + i]!;
            }
          }
        }
      }
      const count = d.batch * d.outputChannels * outSize;
      for (const post of posts) {
        if (post.kind === "unary") post.kernel.reference.forward(count, y, y, post.params);
      }
    },
    backwardData(dyMem, wMem, dxMem) {
      const [dy, w, dx] = [dyMem.cpu(), wMem.cpu(), dxMem.overwriteCpu()];
      dx.fill(0, 0, d.batch * d.inputChannels * inSize);
      for (let n = 0; n < d.batch; n++) {
        for (let g = 0; g < d.groups; g++) {
          for (let c = 0; c < inC; c++) {
            const plane = (n * d.inputChannels + g * inC + c) * inSize;
            for (let e = 0; e < k; e++) {
              for (let i = 0; i < outSize; i++) {
                const at = offsets[e * outSize + i]!;
                if (at < 0) continue;
                let sum = 0;
                for (let o = 0; o < outC; o++) {
                  const channel = g * outC + o;
                  sum +=
                    w[channel * rows + c * k + e]! *
                    dy[(n * d.outputChannels + channel) * outSize + i]!;
                }
                dx[plane + at]! += sum;
              }
            }
          }
        }
      }
    },
    backwardWeights(xMem, dyMem, dwMem, dbMem) {
      const [x, dy, dw] = [xMem.cpu(), dyMem.cpu(), dwMem?.mutableCpu()];
      for (let n = 0; n < d.batch && dw; n++) {
        for (let g = 0; g < d.groups; g++) {
          const col = unfold(x, (n * d.inputChannels + g * inC) * inSize);
          for (let o = 0; o < outC; o++) {
            const channel = g * outC + o;
            const from = (n * d.outputChannels + channel) * outSize;
            for (let r = 0; r < rows; r++) {
              let sum = 0;
              for (let i = 0; i < outSize; i++) sum += col[r * outSize + i]! * dy[from + i]!;
              dw[channel * rows + r]! += sum;
            }
          }
        }
      }
      if (dbMem) addChannelSums(d, outSize, dy, dbMem);
    },
  };
}

/** db(o) += Σ over images and positions of dy. */
function addChannelSums(
  d: ConvolutionDescriptor,
  outSize: number,
  dy: FloatArray,
  dbMem: SyncedMem,
): void {
  const db = dbMem.mutableCpu();
  for (let o = 0; o < d.outputChannels; o++) {
    let sum = 0;
    for (let n = 0; n < d.batch; n++) {
      const from = (n * d.outputChannels + o) * outSize;
      for (let i = 0; i < outSize; i++) sum += dy[from + i]!;
    }
    db[o]! += sum;
  }
}
