import type { SyncedMem } from "../../syncedmem/synced-mem.ts";
import type { ConvolutionDescriptor, ConvolutionOp } from "../engine.ts";
import type { Buffer, ConvolutionShapes, Primitive, StoreMemory } from "./addon.ts";
import type { Places } from "./places.ts";
import { joinedLine, type Line } from "./post-ops.ts";

/** Convolution over two spatial axes by oneDNN, which chooses its layouts. */
export function nativeConvolution(places: Places, d: ConvolutionDescriptor): ConvolutionOp {
  const { addon } = places;
  const shapes = shapesOf(d);
  const biasLayout = places.plain([d.outputChannels]);
  type Forward = ReturnType<typeof addon.convolutionForward>;
  const made = new Map<string, Forward>();
  let data: ReturnType<typeof addon.convolutionBackwardData> | undefined;
  let weights: ReturnType<typeof addon.convolutionBackwardWeights> | undefined;
  let scratch: { readonly dw: StoreMemory; readonly db: StoreMemory } | undefined;

  const forwardWith = ({ scale, slope }: Line): Forward => {
    const key = `${scale !== undefined} ${slope}`;
    let primitive = made.get(key);
    if (!primitive) {
      primitive = addon.convolutionForward(shapes, scale !== undefined, slope);
      made.set(key, primitive);
    }
    return primitive;
  };

  return {
    accepts: (posts) => joinedLine(posts, d.outputChannels) !== undefined,
    forward(x, w, b, y, posts = []) {
      const line = joinedLine(posts, d.outputChannels) as Line;
      const primitive = forwardWith(line);
      const { layouts } = primitive;
      const buffers: Buffer[] = [
        places.read(x, layouts.src),
        places.read(w, layouts.weights),
        places.write(y, layouts.dst),
      ];
      if (b) buffers.push(b.cpu() as Float32Array);
      if (line.scale && line.bias) buffers.push(line.scale, line.bias);
      primitive.run(...buffers);
    },
    backwardData(dy, w, dx) {
      data ??= addon.convolutionBackwardData(shapes);
      data.run(
        places.read(dy, data.layouts.diffDst),
        places.read(w, data.layouts.weights),
        places.write(dx, data.layouts.diffSrc),
      );
    },
    backwardWeights(x, dy, dw, db) {
      weights ??= addon.convolutionBackwardWeights(shapes);
      const { layouts } = weights;
      scratch ??= { dw: places.scratch(layouts.diffWeights), db: places.scratch(biasLayout) };
      // A gradient that is still zero is written; one that holds something is added to.
      const writesW = dw?.isZero === true;
      const writesB = db?.isZero === true;
      const buffers: Buffer[] = [
        places.read(x, layouts.src),
        places.read(dy, layouts.diffDst),
        writesW ? places.write(dw as SyncedMem, layouts.diffWeights) : scratch.dw,
      ];
      if (d.hasBias) buffers.push(writesB ? places.write(db as SyncedMem, biasLayout) : scratch.db);
      weights.run(...buffers);
      if (dw && !writesW) add(places, layouts.diffWeights, scratch.dw, dw);
      if (db && !writesB) add(places, biasLayout, scratch.db, db);
    },
  };
}

function add(
  places: Places,
  layout: Primitive["layouts"][string],
  from: StoreMemory,
  to: SyncedMem,
): void {
  places.addon.axpby(layout.stored, 1, from, 1, places.update(to, layout));
}

/** The shapes as oneDNN takes them; padding on the right is what the output size makes it. */
function shapesOf(d: ConvolutionDescriptor): ConvolutionShapes {
  const { batch, groups, inputChannels: ic, outputChannels: oc } = d;
  const padRight = d.input.map((length, i) => {
    const extent = (d.kernel[i]! - 1) * d.dilation[i]! + 1;
    return (d.output[i]! - 1) * d.stride[i]! + extent - length - d.pad[i]!;
  });
  return {
    src: [batch, ic, ...d.input],
    weights: groups > 1 ? [groups, oc / groups, ic / groups, ...d.kernel] : [oc, ic, ...d.kernel],
    dst: [batch, oc, ...d.output],
    stride: d.stride,
    padLeft: d.pad,
    padRight,
    dilation: d.dilation,
    hasBias: d.hasBias,
  };
}
