import type { CopyOp, PermuteDescriptor } from "../engine.ts";

/** Row by row of the result: each is a row of x, read in steps of the axis that has become the last. */
export function referencePermute({ shape, order }: PermuteDescriptor): CopyOp {
  const steps = shape.map((_, a) => shape.slice(a + 1).reduce((n, size) => n * size, 1));
  const sizes = order.map((axis) => shape[axis]!);
  const strides = order.map((axis) => steps[axis]!);
  const count = sizes.reduce((n, size) => n * size, 1);
  const last = order.length - 1;
  /** Calls `visit` for each row of the result with where it begins in x. */
  const rows = (visit: (row: number, from: number) => void): void => {
    const number = count === 0 ? 0 : count / sizes[last]!;
    for (let row = 0; row < number; row++) {
      let from = 0;
      for (let a = last - 1, rest = row; a >= 0; a--) {
        from += (rest % sizes[a]!) * strides[a]!;
        rest = Math.floor(rest / sizes[a]!);
      }
      visit(row, from);
    }
  };
  const [length, stride] = [sizes[last]!, strides[last]!];
  return {
    forward(xMem, yMem) {
      const [x, y] = [xMem.cpu(), yMem.overwriteCpu()];
      rows((row, from) => {
        for (let i = 0; i < length; i++) y[row * length + i] = x[from + i * stride]!;
      });
    },
    backward(dyMem, dxMem) {
      const [dy, dx] = [dyMem.cpu(), dxMem.overwriteCpu()];
      rows((row, from) => {
        for (let i = 0; i < length; i++) dx[from + i * stride] = dy[row * length + i]!;
      });
    },
  };
}
