import type { ConvolutionParameter } from "../../../io/proto/caffe.ts";
import type { Shape } from "../../../util/shape.ts";
import type { Constant } from "../constant.ts";
import { transposedWindowsOf, type Windows, windowsOf } from "../windows.ts";
import type { Learned, Spot, Translation } from "./spot.ts";

/** A constant as a layer's learned array, in a shape of its own where one is given. */
export function learnedOf(constant: Constant, shape: Shape = constant.dims): Learned {
  return { shape, values: () => constant.values };
}

/** One length for all axes where they are equal. */
function lengths(list: readonly number[], usual?: number): readonly number[] {
  const [first] = list;
  if (!list.every((one) => one === first)) return list;
  return first === usual ? [] : [first as number];
}

type WindowFields = Pick<
  ConvolutionParameter,
  "kernel_size" | "stride" | "dilation" | "pad" | "pad_t" | "pad_l" | "pad_b" | "pad_r"
>;

/** The fields of convolution_param; no padding where `isPadded` is false. */
function windowFields(w: Omit<Windows, "counts">, isPadded: boolean): WindowFields {
  const [kernel, stride, dilation] = [
    lengths(w.kernel),
    lengths(w.stride, 1),
    lengths(w.dilation, 1),
  ];
  return {
    kernel_size: kernel,
    ...(stride.length > 0 && { stride }),
    ...(dilation.length > 0 && { dilation }),
    ...(isPadded && paddingFields(w)),
  };
}

function paddingFields({ before, behind }: Omit<Windows, "counts">): WindowFields {
  if (isEven(before, behind)) {
    const pad = lengths(before, 0);
    return pad.length > 0 ? { pad } : {};
  }
  const [pad_t = 0, pad_l = 0] = before;
  const [pad_b = 0, pad_r = 0] = behind;
  return { pad_t, pad_l, pad_b, pad_r };
}

function isEven(before: readonly number[], behind: readonly number[]): boolean {
  return before.every((length, i) => length === behind[i]);
}

/** Whether the layers have fields for such a padding: one for both ends, or two axes of places. */
export function hasPaddingFields({ before, behind }: Omit<Windows, "counts">): boolean {
  return isEven(before, behind) || before.length === 2;
}

/** A blob with a margin around its places. */
function padded(at: Spot, { before, behind }: Omit<Windows, "counts">, value: number): string {
  const paddings = [0, 0, 0, 0, ...before.flatMap((length, i) => [length, behind[i] as number])];
  return at.layer(
    {
      type: "Pad",
      bottom: [at.blob(0)],
      pad_param: { paddings, ...(value !== 0 && { constant_values: value }) },
    },
    { part: "pad" },
  );
}

const conv: Translation = (at) => {
  const weights = at.known(1, "the weight");
  const bias = at.input(2) === undefined ? undefined : at.known(2, "the bias");
  const windows = windowsOf(at, weights.dims.slice(2));
  const group = at.number("group", 1);
  const hasFields = hasPaddingFields(windows);
  return at.layer(
    {
      type: "Convolution",
      bottom: [hasFields ? at.blob(0) : padded(at, windows, 0)],
      convolution_param: {
        num_output: weights.dims[0] as number,
        ...(!bias && { bias_term: false }),
        ...windowFields(windows, hasFields),
        ...(group > 1 && { group }),
      },
    },
    { learned: [learnedOf(weights), ...(bias ? [learnedOf(bias)] : [])] },
  );
};

const convTranspose: Translation = (at) => {
  const weights = at.known(1, "the weight");
  const bias = at.input(2) === undefined ? undefined : at.known(2, "the bias");
  const windows = transposedWindowsOf(at, weights.dims.slice(2));
  const group = at.number("group", 1);
  const ends = [...windows.before, ...windows.behind];
  if (ends.some((length) => length < 0) || !hasPaddingFields(windows)) {
    at.fail(
      `it cuts ${windows.before.join(",")} off in front and ${windows.behind.join(",")} behind. Expected 0 or more at each end${windows.before.length === 2 ? "" : ", the same at both"}.`,
    );
  }
  return at.layer(
    {
      type: "Deconvolution",
      bottom: [at.blob(0)],
      convolution_param: {
        num_output: (weights.dims[1] as number) * group,
        ...(!bias && { bias_term: false }),
        ...windowFields(windows, true),
        ...(group > 1 && { group }),
      },
    },
    { learned: [learnedOf(weights), ...(bias ? [learnedOf(bias)] : [])] },
  );
};

/** Operators of weighted windows. */
export const convolutions: Readonly<Record<string, Translation>> = {
  Conv: conv,
  ConvTranspose: convTranspose,
};
