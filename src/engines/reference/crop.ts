import type { FloatArray } from "../../util/arrays.ts";
import { countOf } from "../../util/shape.ts";
import type { CopyOp, CropDescriptor } from "../engine.ts";

/** Copies a box out of an array row by row, and back into zeros. */
export function referenceCrop(d: CropDescriptor): CopyOp {
  const count = countOf(d.shape);
  return {
    forward(xMem, yMem) {
      const [x, y] = [xMem.cpu(), yMem.overwriteCpu()];
      eachRow(d, (inWhole, inBox, length) => copyRow(x, inWhole, y, inBox, length));
    },
    backward(dyMem, dxMem) {
      const [dy, dx] = [dyMem.cpu(), dxMem.overwriteCpu()];
      dx.fill(0, 0, count);
      eachRow(d, (inWhole, inBox, length) => copyRow(dy, inBox, dx, inWhole, length));
    },
  };
}

function copyRow(
  from: FloatArray,
  source: number,
  to: FloatArray,
  at: number,
  length: number,
): void {
  for (let i = 0; i < length; i++) to[at + i] = from[source + i]!;
}

/** Calls with the offset of each row of the box in the whole and in the box. */
function eachRow(
  { shape, offset, size }: CropDescriptor,
  visit: (inWhole: number, inBox: number, length: number) => void,
): void {
  const last = size.length - 1;
  const length = size[last] ?? 1;
  const rows = countOf(size, 0, Math.max(0, last));
  for (let row = 0; row < rows; row++) {
    let at = offset[last] ?? 0;
    let step = shape[last] ?? 1;
    for (let a = last - 1, rest = row; a >= 0; a--) {
      at += ((rest % size[a]!) + offset[a]!) * step;
      step *= shape[a]!;
      rest = Math.floor(rest / size[a]!);
    }
    visit(at, row * length, length);
  }
}
