/** What of a picture is seen: the place of its left upper corner, and how large a point of it is on the screen. */
export interface ViewBox {
  readonly x: number;
  readonly y: number;
  readonly scale: number;
}

interface Size {
  readonly width: number;
  readonly height: number;
}

const SMALLEST = 0.08;
const LARGEST = 2.5;

/** All of the picture, or its upper part, as large as it can be read where all would be too small. */
export function fitted(picture: Size, window: Size): ViewBox {
  const whole = Math.min(window.width / picture.width, window.height / picture.height, 1);
  const scale = Math.max(whole, Math.min(0.62, window.width / picture.width));
  const x = (picture.width - window.width / scale) / 2;
  const room = window.height / scale - picture.height;
  return { x, y: room > 0 ? -Math.min(room / 2, 16) : 0, scale };
}

/** All of the picture, however small. */
export function whole(picture: Size, window: Size): ViewBox {
  const least = Math.min(window.width / picture.width, window.height / picture.height, 1);
  const scale = Math.max(least, SMALLEST);
  return {
    x: (picture.width - window.width / scale) / 2,
    y: (picture.height - window.height / scale) / 2,
    scale,
  };
}

/** Larger or smaller by a factor, while the point below `at`, in pixels of the window, stays where it is. */
export function zoomed(
  { x, y, scale }: ViewBox,
  factor: number,
  at: { readonly x: number; readonly y: number },
): ViewBox {
  const next = Math.min(LARGEST, Math.max(SMALLEST, scale * factor));
  return { x: x + at.x / scale - at.x / next, y: y + at.y / scale - at.y / next, scale: next };
}

/** Moved by pixels of the window. */
export function moved({ x, y, scale }: ViewBox, dx: number, dy: number): ViewBox {
  return { x: x + dx / scale, y: y + dy / scale, scale };
}

/** With a place of the picture in the middle. */
export function centred(
  { scale }: ViewBox,
  place: {
    readonly x: number;
    readonly y: number;
    readonly width: number;
    readonly height: number;
  },
  window: Size,
): ViewBox {
  const readable = Math.max(scale, 0.7);
  return {
    x: place.x + place.width / 2 - window.width / readable / 2,
    y: place.y + place.height / 2 - window.height / readable / 2,
    scale: readable,
  };
}
