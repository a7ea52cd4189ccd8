import type { FloatArray } from "../../util/arrays.ts";
import {
  numbersOfBin,
  type RegionsDescriptor,
  type RegionsOp,
  regionsShape,
} from "../ops/regions.ts";

/** A bin of a region: where its plane begins in x, and its numbers. */
interface Bin {
  readonly plane: number;
  /** Where the numbers of its row and of its column begin. */
  readonly row: number;
  readonly column: number;
}

/** Bin by bin, in the order of y. */
export function referenceRegions(d: RegionsDescriptor): RegionsOp {
  const [, channels = 0, height = 0, width = 0] = d.features;
  const [rows, columns] = d.grid;
  const [, depth = 0] = regionsShape(d);
  const numbers = numbersOfBin(d);
  const length = 1 + numbers * (rows + columns);
  /** Calls `visit` for each value of y. */
  const eachBin = (bins: FloatArray, visit: (at: number, bin: Bin) => void): void => {
    let at = 0;
    for (let r = 0; r < d.regions; r++) {
      const image = bins[r * length]! * channels;
      for (let c = 0; c < depth; c++) {
        for (let i = 0; i < rows; i++) {
          const row = r * length + 1 + numbers * i;
          for (let j = 0; j < columns; j++) {
            const channel = d.method === "OWN_MEAN" ? (c * rows + i) * columns + j : c;
            const column = r * length + 1 + numbers * (rows + j);
            visit(at++, { plane: (image + channel) * height * width, row, column });
          }
        }
      }
    }
  };
  const area = (bins: FloatArray, { row, column }: Bin): number =>
    Math.max(bins[row + 1]! - bins[row]!, 0) * Math.max(bins[column + 1]! - bins[column]!, 0);
  const within = (place: number, bins: FloatArray, at: number): boolean =>
    place >= bins[at]! && place < bins[at + 1]!;

  return {
    forward(xMem, binsMem, yMem, winnersMem) {
      const [x, bins, y] = [xMem.cpu(), binsMem.cpu(), yMem.overwriteCpu()];
      if (d.method === "MAX" && winnersMem) {
        const winners = winnersMem.overwriteCpu();
        eachBin(bins, (at, { plane, row, column }) => {
          let [most, place] = [Number.NEGATIVE_INFINITY, -1];
          for (let h = bins[row]!; h < bins[row + 1]!; h++) {
            const end = h * width + bins[column + 1]!;
            for (let p = h * width + bins[column]!; p < end; p++) {
              if (!(x[plane + p]! > most)) continue;
              most = x[plane + p]!;
              place = p;
            }
          }
          y[at] = place === -1 ? 0 : most;
          winners[at] = place;
        });
      } else if (d.method === "OWN_MEAN") {
        eachBin(bins, (at, bin) => {
          const { plane, row, column } = bin;
          let sum = 0;
          for (let h = bins[row]!; h < bins[row + 1]!; h++) {
            for (let w = bins[column]!; w < bins[column + 1]!; w++)
              sum += x[plane + h * width + w]!;
          }
          y[at] = area(bins, bin) === 0 ? 0 : sum / area(bins, bin);
        });
      } else {
        eachBin(bins, (at, { plane, row, column }) => {
          y[at] = 0;
          if (bins[row] === -1 || bins[column] === -1) return;
          const [low, high] = [plane + bins[row]! * width, plane + bins[row + 1]! * width];
          const [left, right] = [bins[column]!, bins[column + 1]!];
          const [v, u] = [bins[row + 2]!, bins[column + 2]!];
          const above = x[low + left]! * (1 - u) + x[low + right]! * u;
          const below = x[high + left]! * (1 - u) + x[high + right]! * u;
          y[at] = above * (1 - v) + below * v;
        });
      }
    },
    backward(dyMem, binsMem, dxMem, winnersMem) {
      const [dy, bins, dx] = [dyMem.cpu(), binsMem.cpu(), dxMem.overwriteCpu()];
      dx.fill(0);
      if (d.method === "MAX" && winnersMem) {
        const winners = winnersMem.cpu();
        eachBin(bins, (at, { plane, row, column }) => {
          const place = winners[at]!;
          if (place === -1 || !within(Math.floor(place / width), bins, row)) return;
          if (within(place % width, bins, column)) dx[plane + place]! += dy[at]!;
        });
      } else if (d.method === "OWN_MEAN") {
        eachBin(bins, (at, bin) => {
          const { plane, row, column } = bin;
          const share = dy[at]! / area(bins, bin);
          for (let h = bins[row]!; h < bins[row + 1]!; h++) {
            for (let w = bins[column]!; w < bins[column + 1]!; w++)
              dx[plane + h * width + w]! += share;
          }
        });
      } else {
        eachBin(bins, (at, { plane, row, column }) => {
          if (bins[row] === -1 || bins[column] === -1) return;
          const [low, high] = [plane + bins[row]! * width, plane + bins[row + 1]! * width];
          const [left, right] = [bins[column]!, bins[column + 1]!];
          const [v, u] = [bins[row + 2]!, bins[column + 2]!];
          const [above, below] = [dy[at]! * (1 - v), dy[at]! * v];
          dx[low + left]! += above * (1 - u);
          dx[low + right]! += above * u;
          dx[high + left]! += below * (1 - u);
          dx[high + right]! += below * u;
        });
      }
    },
  };
}
