import type { CopyOp, TileDescriptor } from "../engine.ts";

/** Repeats each block of `inner` elements; backward adds the copies up. */
export function referenceTile({ outer, tiles, inner }: TileDescriptor): CopyOp {
  return {
    forward(xMem, yMem) {
      const [x, y] = [xMem.cpu(), yMem.overwriteCpu()];
      for (let o = 0, at = 0; o < outer; o++) {
        const block = x.subarray(o * inner, (o + 1) * inner);
        for (let t = 0; t < tiles; t++, at += inner) y.set(block, at);
      }
    },
    backward(dyMem, dxMem) {
      const [dy, dx] = [dyMem.cpu(), dxMem.overwriteCpu()];
      for (let o = 0; o < outer; o++) {
        for (let i = 0; i < inner; i++) {
          let sum = 0;
          for (let t = 0; t < tiles; t++) sum += dy[(o * tiles + t) * inner + i]!;
          dx[o * inner + i] = sum;
        }
      }
    },
  };
}
