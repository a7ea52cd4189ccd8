import type { PoolingParameter } from "../../../io/proto/caffe.ts";
import { type Windows, windowsOf } from "../windows.ts";
import { hasPaddingFields } from "./convolutions.ts";
import type { Spot, Translation } from "./spot.ts";

type Method = "MAX" | "AVE";

const pool =
  (method: Method): Translation =>
  (at) => {
    const windows = windowsOf(at);
    if (windows.dilation.some((step) => step > 1)) {
      at.fail(
        `dilations are ${windows.dilation.join(",")}. Expected 1: no layer has windows with gaps.`,
      );
    }
    if (at.node.outputs[1])
      at.fail("the places of maxima are asked for. Expected the maxima alone.");
    const rank = windows.kernel.length;
    if (rank === 1) return poolOfLines(at, method, windows);
    if (rank !== 2) at.fail(`it has ${rank} axes of places. Expected one or two.`);
    return at.layer({
      type: "Pooling",
      bottom: [at.blob(0)],
      pooling_param: poolingFields(at, method, windows),
    });
  };

/** N×C×L as N×C×1×L. */
function poolOfLines(at: Spot, method: Method, windows: Windows): string {
  const [n = 1, c = 1, l = 1] = at.shape(0);
  const planes = at.view(at.blob(0), at.shape(0), [n, c, 1, l], "planes");
  const add = (list: readonly number[], usual: number): readonly number[] => [usual, ...list];
  const pooled = at.layer(
    {
      type: "Pooling",
      bottom: [planes],
      pooling_param: poolingFields(at, method, {
        kernel: add(windows.kernel, 1),
        stride: add(windows.stride, 1),
        dilation: add(windows.dilation, 1),
        before: add(windows.before, 0),
        behind: add(windows.behind, 0),
        counts: add(windows.counts, 1),
      }),
    },
    { part: "pool" },
  );
  return at.view(pooled, [n, c, 1, ...windows.counts], [n, c, ...windows.counts]);
}

function poolingFields(at: Spot, method: Method, windows: Windows): PoolingParameter {
  const { kernel, stride, before, behind } = windows;
  const isPadded = [...before, ...behind].some((length) => length > 0);
  if (!hasPaddingFields(windows)) at.fail("its padding is of no form that a layer has.");
  const isFloored = at.number("ceil_mode", 0) === 0 && stride.some((step) => step > 1);
  const excludes = isPadded && method === "AVE" && at.number("count_include_pad", 0) === 0;
  return {
    pool: excludes ? "AVE_EXC_PAD" : method,
    ...pair("kernel_size", ["kernel_h", "kernel_w"], kernel),
    ...(stride.some((step) => step > 1) && pair("stride", ["stride_h", "stride_w"], stride)),
    ...(isPadded && padding(before, behind)),
    ...(isFloored && { round_mode: "FLOOR" }),
  };
}

type PairField = Extract<keyof PoolingParameter, `${"kernel" | "stride" | "pad"}${string}`>;

/** One field for two equal lengths, or two. */
function pair(
  both: PairField,
  [first, second]: readonly [PairField, PairField],
  [h = 1, w = 1]: readonly number[],
): PoolingParameter {
  return h === w ? { [both]: h } : { [first]: h, [second]: w };
}

function padding(before: readonly number[], behind: readonly number[]): PoolingParameter {
  const isEven = before.every((length, i) => length === behind[i]);
  if (isEven) return pair("pad", ["pad_h", "pad_w"], before);
  const [pad_t = 0, pad_l = 0] = before;
  const [pad_b = 0, pad_r = 0] = behind;
  return { pad_t, pad_l, pad_b, pad_r };
}

const globalPool =
  (method: Method): Translation =>
  (at) => {
    const shape = at.shape(0);
    const rank = shape.length;
    if (rank !== 4 && rank !== 3) at.fail(`its input has ${rank} axes. Expected 3 or 4.`);
    const [n = 1, c = 1, ...places] = shape;
    const planes = at.view(at.blob(0), shape, [n, c, ...places, 1].slice(0, 4), "planes");
    const pooled = at.layer(
      {
        type: "Pooling",
        bottom: [planes],
        pooling_param: { pool: method, global_pooling: true },
      },
      { part: rank === 3 ? "pool" : "" },
    );
    return at.view(pooled, [n, c, 1, 1], at.made());
  };

/** Operators of windows without weights. */
export const poolings: Readonly<Record<string, Translation>> = {
  AveragePool: pool("AVE"),
  GlobalAveragePool: globalPool("AVE"),
  GlobalMaxPool: globalPool("MAX"),
  MaxPool: pool("MAX"),
};
