import { FormatError } from "../util/errors.ts";

/**
 * Height and width of an image from its header, without decoding it.
 * @throws FormatError where it is no JPEG, PNG, GIF or BMP
 */
export function imageSize(
  bytes: Uint8Array,
  source: string,
): readonly [height: number, width: number] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const size = bytes.length < 26 ? undefined : (png(view) ?? gif(view) ?? bmp(view) ?? jpeg(view));
  if (size) return size;
  throw new FormatError(
    `Could not load ${source}: its size is not found. Expected a JPEG, PNG, GIF or BMP.`,
  );
}

type Size = readonly [height: number, width: number] | undefined;

function png(view: DataView): Size {
  return view.getUint32(0) === 0x89504e47 ? [view.getUint32(20), view.getUint32(16)] : undefined;
}

function gif(view: DataView): Size {
  return view.getUint32(0) === 0x47494638
    ? [view.getUint16(8, true), view.getUint16(6, true)]
    : undefined;
}

function bmp(view: DataView): Size {
  return view.getUint16(0) === 0x424d
    ? [Math.abs(view.getInt32(22, true)), view.getInt32(18, true)]
    : undefined;
}

/** The size lies in the frame header, a segment of kind C0 to CF but for the tables C4, C8 and CC. */
function jpeg(view: DataView): Size {
  if (view.getUint16(0) !== 0xffd8) return undefined;
  for (let at = 2; at + 9 < view.byteLength; ) {
    const marker = view.getUint16(at);
    if (marker === 0xffff) {
      at++;
      continue;
    }
    if (marker >= 0xffc0 && marker <= 0xffcf && ![0xffc4, 0xffc8, 0xffcc].includes(marker)) {
      return [view.getUint16(at + 5), view.getUint16(at + 7)];
    }
    if (marker < 0xff00) return undefined;
    at += 2 + view.getUint16(at + 2);
  }
  return undefined;
}
