import type { SyncedMem } from "../../syncedmem/synced-mem.ts";
import type { ConvolutionDescriptor } from "../engine.ts";
import type { ConvolutionKernels } from "./convolution-products.ts";
import type { Scope } from "./scope.ts";
import type { WayOut } from "./slices.ts";
import type { WindowGeometry } from "./window-geometry.ts";
import { Winograd, WinogradWeights } from "./winograd.ts";
import type { PlaneConvolution, WinogradTile } from "./winograd-transforms.ts";

/** Fewer channels of either side leave nothing to save. */
const LEAST_CHANNELS = 8;
const TILES = { "F(2x2)": 2, "F(4x4)": 4 } as const;

/** y, or the gradient of data, of a convolution, made directly. */
type Direct = (
  x: SyncedMem,
  w: SyncedMem,
  y: SyncedMem,
  out: WayOut,
  told?: (ms: number) => void,
) => void;

/**
 * The kernels of a convolution, which go by Winograd's algorithm where a trial has found that
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
  if (!fits || !scope.gpu.trials) return direct;
  const [, height, width] = g.input;
  const [, outHeight, outWidth] = g.output;
  const shape: PlaneConvolution = {
    batch,
    channels: inputChannels,
    results: outputChannels,
    input: [height, width],
    output: [outHeight, outWidth],
    pad: [g.pad[1], g.pad[2]],
    isTurned: false,
  };
  const forward = byTrial(scope, "convolution", direct.forward, shape);
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
    forward,
    backwardData: (dy, w, dx) => data(dy, w, dx, {}),
    backwardWeights: weightsByTrial(scope, direct.backwardWeights, shape),
  };
}

/** Picks what a run takes: directly, or in tiles of Winograd's algorithm. */
function chooser(
  { products: { isHalf }, gpu }: Scope,
  name: string,
  d: PlaneConvolution,
): () => { readonly tile?: WinogradTile; readonly told?: (ms: number) => void } {
  // The numbers of the larger tiles would lose too much as halves.
  const names = ["direct", ...Object.keys(TILES).slice(0, isHalf ? 1 : undefined)];
  const kind = isHalf ? `${name}, halves` : name;
  const next = gpu.trials?.of(`${kind} ${JSON.stringify(d)} by ${names.join(" ")}`, names);
  return () => {
    const { name: way, told } = next?.() ?? { name: "direct" };
    const tile = TILES[way as keyof typeof TILES];
    return { ...(tile && { tile }), ...(told && { told }) };
  };
}

/** The same by whichever is fastest. */
function byTrial(scope: Scope, name: string, direct: Direct, d: PlaneConvolution): Direct {
  const choose = chooser(scope, name, d);
  const made = new Map<WinogradTile, Winograd>();
  return (x, w, y, out) => {
    const { tile, told } = choose();
    if (!tile) {
      direct(x, w, y, out, told);
      return;
    }
    const winograd = made.get(tile) ?? new Winograd(scope, d, tile);
    made.set(tile, winograd);
    winograd.run(x, w, y, out, told);
    if (told) direct(x, w, y, out);
  };
}

/** The same of the gradient of weights, to which only one of the two may add. */
function weightsByTrial(
  scope: Scope,
  direct: ConvolutionKernels["backwardWeights"],
  d: PlaneConvolution,
): ConvolutionKernels["backwardWeights"] {
  const choose = chooser(scope, "convolution, gradient of weights", d);
  const made = new Map<WinogradTile, WinogradWeights>();
  return (x, dy, dw) => {
    const { tile, told } = choose();
    if (!tile) {
      direct(x, dy, dw, told);
      return;
    }
    const winograd = made.get(tile) ?? new WinogradWeights(scope, d, tile);
    made.set(tile, winograd);
    winograd.run(x, dy, told ? undefined : dw, told);
    if (told) direct(x, dy, dw);
  };
}
