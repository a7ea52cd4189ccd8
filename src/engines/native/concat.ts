import { countOf } from "../../util/shape.ts";
import type { ConcatDescriptor, ConcatOp } from "../engine.ts";
import { joinedShape } from "../ops/joined-shape.ts";
import type { Layout } from "./addon.ts";
import type { Layouts } from "./layouts.ts";

/**
 * Joining and cutting by copies of whole blocks. Along the channels arrays stay in blocks of channels, where each
 * part is made of whole ones; along the images, in any layout of equal images.
 */
export function nativeConcat(layouts: Layouts, { shapes, axis }: ConcatDescriptor): ConcatOp {
  const { addon } = layouts;
  const [first = []] = shapes;
  const whole = joinedShape({ shapes, axis });
  const plain: Joint = {
    parts: shapes.map((shape) => layouts.plain(shape)),
    whole: layouts.plain(whole),
    outer: countOf(first, 0, axis),
    sizes: shapes.map((shape) => countOf(shape, axis)),
  };
  const made = new Map<string, Joint>();

  /** How the arrays are joined when one of them lies in `layout`. */
  const jointFor = (layout: Layout): Joint => {
    if (layout.isPlain || axis !== 1 || first.length < 3) return plain;
    const fits =
      (layout.block === 16 || layout.block === 8) &&
      shapes.every((s) => (s[1] ?? 0) % layout.block === 0);
    if (!fits) return plain;
    const key = String(layout.block);
    let joint = made.get(key);
    if (!joint) {
      joint = {
        parts: shapes.map((shape) => layouts.blocked(shape, layout.block)),
        whole: layouts.blocked(whole, layout.block),
        outer: plain.outer,
        sizes: plain.sizes,
      };
      made.set(key, joint);
    }
    return joint;
  };

  return {
    forward(xs, y) {
      const { parts, whole: to, outer, sizes } = jointFor(layouts.current(xs[0]!, first));
      const sources = xs.map((x, k) => layouts.read(x, parts[k]!));
      addon.join(outer, sizes, sources, layouts.write(y, to));
    },
    backward(dy, dxs) {
      const { parts, whole: from, outer, sizes } = jointFor(layouts.current(dy, whole));
      const source = layouts.read(dy, from);
      const targets = dxs.map((dx, k) => dx && layouts.write(dx, parts[k]!));
      addon.cut(outer, sizes, source, targets);
    },
  };
}

interface Joint {
  readonly parts: readonly Layout[];
  readonly whole: Layout;
  readonly outer: number;
  readonly sizes: readonly number[];
}
