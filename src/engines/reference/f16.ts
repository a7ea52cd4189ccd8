import { SyncedMem } from "../../syncedmem/synced-mem.ts";
import { roundedToHalf } from "../../util/half.ts";
import type { Engine, LinearOp } from "../engine.ts";

type Products = Pick<Engine, "convolution" | "innerProduct">;

/** Products of numbers that are rounded to half precision, as a GPU makes them; what is added up is not rounded. */
export function productsOfHalves(exact: Products): Products {
  const linear = (op: LinearOp): LinearOp => ({
    accepts: (posts) => op.accepts(posts),
    forward: (x, w, b, y, posts) => op.forward(rounded(x), rounded(w), b, y, posts),
    backwardData: (dy, w, dx) => op.backwardData(rounded(dy), rounded(w), dx),
    backwardWeights(x, dy, dw, db) {
      op.backwardWeights(rounded(x), rounded(dy), dw, undefined);
      if (db) op.backwardWeights(x, dy, undefined, db);
    },
  });
  return {
    convolution: (d) => linear(exact.convolution(d)),
    innerProduct: (d) => linear(exact.innerProduct(d)),
  };
}

function rounded(mem: SyncedMem): SyncedMem {
  const copy = new SyncedMem(mem.count, mem.dtype);
  const values = copy.overwriteCpu();
  const from = mem.cpu();
  for (let i = 0; i < mem.count; i++) values[i] = roundedToHalf(from[i] as number);
  return copy;
}
