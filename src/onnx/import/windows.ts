import type { Shape } from "../../util/shape.ts";
import type { Parameters } from "./parameters.ts";

/** How the windows of a node go over its places, all of it resolved: one entry for each axis behind the channels. */
export interface Windows {
  readonly kernel: readonly number[];
  readonly stride: readonly number[];
  readonly dilation: readonly number[];
  readonly before: readonly number[];
  readonly behind: readonly number[];
  /** How many windows there are. */
  readonly counts: readonly number[];
}

/**
 * The windows of Conv, MaxPool, AveragePool and LpPool.
 *
 *     count = ⌊(L + before + behind − dilation·(k − 1) − 1) / stride⌋ + 1, ⌈⌉ with ceil_mode; ⌈L / stride⌉ with auto_pad SAME
 *
 * A last window that ⌈⌉ would let begin behind the padding before and the array is dropped.
 *
 * @param kernelShape of the weights, where kernel_shape may be left out
 */
export function windowsOf(p: Parameters, kernelShape?: Shape): Windows {
  const places = p.shape(0).slice(2);
  const all = (value: number): readonly number[] => places.map(() => value);
  const kernel = p.numbers("kernel_shape") ?? kernelShape;
  if (!kernel) return p.fail("kernel_shape is left out. Expected it.");
  const stride = p.numbers("strides") ?? all(1);
  const dilation = p.numbers("dilations") ?? all(1);
  const lengths = [kernel, stride, dilation];
  const isOdd = (list: readonly number[]): boolean =>
    list.length !== places.length || list.some((one) => !Number.isInteger(one) || one < 1);
  if (places.length === 0 || lengths.some(isOdd)) {
    p.fail(
      `kernel_shape ${kernel.join(",")}, strides ${stride.join(",")} and dilations ${dilation.join(",")} are for ${places.length} axes of places. Expected a number above 0 for each.`,
    );
  }
  const extent = kernel.map((length, i) => (dilation[i] as number) * (length - 1) + 1);
  const { before, behind, isSame } = paddingOf(p, places, extent, stride);
  const isCeiled = p.number("ceil_mode", 0) === 1 && !isSame;
  const counts = places.map((length, i) => {
    const [step, front] = [stride[i] as number, before[i] as number];
    const room = length + front + (behind[i] as number) - (extent[i] as number);
    const count = (isCeiled ? Math.ceil(room / step) : Math.floor(room / step)) + 1;
    return isCeiled && (count - 1) * step >= length + front ? count - 1 : count;
  });
  if (counts.some((count) => count < 1)) {
    p.fail(`windows of ${extent.join("×")} do not fit into ${places.join("×")} places.`);
  }
  return { kernel, stride, dilation, before, behind, counts };
}

/** What is added before and behind each axis, auto_pad resolved. */
function paddingOf(
  p: Parameters,
  places: Shape,
  extent: readonly number[],
  stride: readonly number[],
): Pick<Windows, "before" | "behind"> & { readonly isSame: boolean } {
  const rank = places.length;
  const auto = p.text("auto_pad", "NOTSET");
  const none = places.map(() => 0);
  if (auto === "VALID") return { before: none, behind: none, isSame: false };
  if (auto === "SAME_UPPER" || auto === "SAME_LOWER") {
    const total = places.map((length, i) => {
      const step = stride[i] as number;
      return Math.max(0, (Math.ceil(length / step) - 1) * step + (extent[i] as number) - length);
    });
    const less = total.map((length) => Math.floor(length / 2));
    const more = total.map((length, i) => length - (less[i] as number));
    return auto === "SAME_UPPER"
      ? { before: less, behind: more, isSame: true }
      : { before: more, behind: less, isSame: true };
  }
  if (auto !== "NOTSET") p.fail(`auto_pad is ${auto}. Expected NOTSET, VALID or SAME_UPPER.`);
  const pads = p.numbers("pads") ?? [...none, ...none];
  if (pads.length !== 2 * rank || pads.some((length) => !Number.isInteger(length) || length < 0)) {
    p.fail(
      `pads are ${pads.join(",")}. Expected two numbers of 0 or more for each of ${rank} axes.`,
    );
  }
  return { before: pads.slice(0, rank), behind: pads.slice(rank), isSame: false };
}

/** How a ConvTranspose lies on its top: how much of its borders is cut off. */
interface TransposedWindows extends Omit<Windows, "counts"> {
  /** The lengths of what it makes. */
  readonly places: readonly number[];
}

/**
 * The windows of ConvTranspose.
 *
 *     L' = stride·(L − 1) + output_padding + dilation·(k − 1) + 1 − before − behind
 *
 * `behind` has output_padding taken off, and may be below 0.
 */
export function transposedWindowsOf(p: Parameters, kernelShape: Shape): TransposedWindows {
  const lengths = p.shape(0).slice(2);
  const all = (value: number): readonly number[] => lengths.map(() => value);
  const kernel = p.numbers("kernel_shape") ?? kernelShape;
  const stride = p.numbers("strides") ?? all(1);
  const dilation = p.numbers("dilations") ?? all(1);
  const added = p.numbers("output_padding") ?? all(0);
  const wanted = p.numbers("output_shape")?.slice(-lengths.length);
  if ([kernel, stride, dilation, added].some((list) => list.length !== lengths.length)) {
    p.fail(`its lists are not of ${lengths.length} numbers. Expected one for each axis of places.`);
  }
  const full = lengths.map(
    (length, i) =>
      (stride[i] as number) * (length - 1) +
      (dilation[i] as number) * ((kernel[i] as number) - 1) +
      1,
  );
  const auto = p.text("auto_pad", "NOTSET");
  if (wanted || auto.startsWith("SAME")) {
    const places = wanted ?? lengths.map((length, i) => length * (stride[i] as number));
    const total = full.map((length, i) => length - (places[i] as number));
    const [small, large] = [
      total.map((n) => Math.floor(n / 2)),
      total.map((n) => Math.ceil(n / 2)),
    ];
    const isUpper = auto === "SAME_UPPER";
    return {
      ...{ kernel, stride, dilation, places },
      before: isUpper ? small : large,
      behind: isUpper ? large : small,
    };
  }
  const pads = p.numbers("pads") ?? [...all(0), ...all(0)];
  if (pads.length !== 2 * lengths.length)
    p.fail(`pads are ${pads.join(",")}. Expected two for each axis.`);
  const before = auto === "VALID" ? all(0) : pads.slice(0, lengths.length);
  const end = auto === "VALID" ? all(0) : pads.slice(lengths.length);
  const behind = end.map((length, i) => length - (added[i] as number));
  const places = full.map((length, i) => length - (before[i] as number) - (behind[i] as number));
  return { kernel, stride, dilation, before, behind, places };
}
