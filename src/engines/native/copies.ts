import { countOf } from "../../util/shape.ts";
import type {
  ConvolutionDescriptor,
  CropDescriptor,
  CropOp,
  GatherDescriptor,
  GatherOp,
  Im2colOp,
  TileDescriptor,
  TileOp,
} from "../engine.ts";
import type { Places } from "./places.ts";

/** A box out of an array, row by row. */
export function nativeCrop(places: Places, { shape, offset, size }: CropDescriptor): CropOp {
  const { addon } = places;
  const [whole, box] = [places.plain(shape), places.plain(size)];
  return {
    forward(x, y) {
      addon.crop(shape, offset, size, false, places.read(x, whole), places.write(y, box));
    },
    backward(dy, dx) {
      addon.crop(shape, offset, size, true, places.read(dy, box), places.write(dx, whole));
    },
  };
}

/** Blocks repeated. */
export function nativeTile(places: Places, { outer, tiles, inner }: TileDescriptor): TileOp {
  const { addon } = places;
  const [one, all] = [places.plain([outer, inner]), places.plain([outer, tiles, inner])];
  return {
    forward(x, y) {
      addon.tile(outer, tiles, inner, places.read(x, one), places.write(y, all));
    },
    backward(dy, dx) {
      addon.tileBackward(outer, tiles, inner, places.read(dy, all), places.write(dx, one));
    },
  };
}

/** Rows picked by number. */
export function nativeGather(places: Places, { rows, size, picks }: GatherDescriptor): GatherOp {
  const { addon } = places;
  const [all, numbers, picked] = [
    places.plain([rows, size]),
    places.plain([picks]),
    places.plain([picks, size]),
  ];
  return {
    forward(x, index, y) {
      const [from, which] = [places.read(x, all), places.read(index, numbers)];
      addon.gather(rows, picks, size, from, which, places.write(y, picked));
    },
    backward(dy, index, dx) {
      const [from, which] = [places.read(dy, picked), places.read(index, numbers)];
      addon.scatterAdd(rows, picks, size, from, which, places.update(dx, all));
    },
  };
}

/** Windows unfolded into columns. */
export function nativeIm2col(places: Places, d: ConvolutionDescriptor): Im2colOp {
  const { addon } = places;
  const { input, output, kernel, stride, pad, dilation } = d;
  const planes = d.batch * d.inputChannels;
  const image = places.plain([planes, ...input]);
  const columns = places.plain([planes, countOf(kernel), ...output]);
  const window = [planes, input, output, kernel, stride, pad, dilation] as const;
  return {
    forward(x, y) {
      addon.im2col(...window, places.read(x, image), places.write(y, columns));
    },
    backward(dy, dx) {
      addon.col2im(...window, places.read(dy, columns), places.write(dx, image));
    },
  };
}
