import type { SyncedMem } from "../../syncedmem/synced-mem.ts";
import type { ConvolutionDescriptor } from "../engine.ts";
import type { ConvolutionKernels } from "./convolution-products.ts";
import type { Scope } from "./scope.ts";
import type { WayOut } from "./slices.ts";
import type { WindowGeometry } from "./window-geometry.ts";
import { type PlaneConvolution, Winograd } from "./winograd.ts";

/** Fewer channels of either side leave nothing to save. */
const LEAST_CHANNELS = 8;
const TILES = { "F(2x2)": 2, "F(4x4)": 4 } as const;
const NAMES = ["direct", ...Object.keys(TILES)];

/** y, or the gradient of data, of a convolution, made directly. */
type Direct = (
  x: SyncedMem,
  w: SyncedMem,
  y: SyncedMem,
  out: WayOut,
  told?: (ms: number) => void,
) => void;

/**
 * The kernels of a convolution, of which forward and the gradient of data go by Winograd's algorithm where a trial has found that
 * faster. Its results are rounded otherwise: as long as it is tried, those of the direct sum stand, and a choice holds for
 * later runs of the program.
 */
export function withWinograd(
  scope: Scope,
  g: WindowGeometry,
  { batch, groups, inputChannels, outputChannels, dilation, kernel }: ConvolutionDescriptor,
  direct: ConvolutionKernels,
): ConvolutionKernels {
  const fits =
    groups === 1 &&
    kernel.length === 2 &&
    kernel.every((length) => length === 3) &&
    g.stride.every((step) => step === 1) &&
    dilation.every((step) => step === 1) &&
    Math.min(inputChannels, outputChannels) >= LEAST_CHANNELS;
  // Transformed data and weights would lose too much as halves.
  if (!fits || scope.products.isHalf || !scope.gpu.trials) return direct;
  const [, height, width] = g.input;
  const [, outHeight, outWidth] = g.output;
  const forward = byTrial(scope, "convolution", direct.forward, {
    batch,
    channels: inputChannels,
    results: outputChannels,
    input: [height, width],
    output: [outHeight, outWidth],
    pad: [g.pad[1], g.pad[2]],
    isTurned: false,
  });
  const data = byTrial(
    scope,
    "convolution, gradient of data",
    (dy, w, dx, _out, told) => direct.backwardData(dy, w, dx, told),
    {
      batch,
      channels: outputChannels,
      results: inputChannels,
      input: [outHeight, outWidth],
      output: [height, width],
      pad: [2 - g.pad[1], 2 - g.pad[2]],
      isTurned: true,
    },
  );
  return {
    ...direct,
    forward,
    backwardData: (dy, w, dx) => data(dy, w, dx, {}),
  };
}

/** The same by whichever is fastest. */
function byTrial(scope: Scope, name: string, direct: Direct, d: PlaneConvolution): Direct {
  const next = scope.gpu.trials?.of(`${name} ${JSON.stringify(d)} by ${NAMES.join(" ")}`, NAMES);
  const made = new Map<string, Winograd>();
  return (x, w, y, out) => {
    const { name: way, told } = next?.() ?? { name: "direct" };
    if (!(way in TILES)) {
      direct(x, w, y, out, told);
      return;
    }
    const winograd = made.get(way) ?? new Winograd(scope, d, TILES[way as keyof typeof TILES]);
    made.set(way, winograd);
    winograd.run(x, w, y, out, told);
    if (told) direct(x, w, y, out);
  };
}
