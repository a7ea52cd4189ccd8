// The windows of a convolution as columns. Where a position begins in the image and where an element of the window lies
// behind that are tables of bytes, so that any number of axes is one; the image has its padding around it.

/** Copies rows of an image to where they lie in a padded one; `starts` has the byte at which each begins there. */
export function padRows(rows: i32, length: i32, x: usize, starts: usize, padded: usize): void {
  const size = <usize>length << 2;
  for (let i = 0; i < rows; i++, x += size) memory.copy(padded + load<u32>(starts + (<usize>i << 2)), x, size);
}

/** Copies them back. */
export function cutRows(rows: i32, length: i32, padded: usize, starts: usize, x: usize): void {
  const size = <usize>length << 2;
  for (let i = 0; i < rows; i++, x += size) memory.copy(x, padded + load<u32>(starts + (<usize>i << 2)), size);
}

/** Whether the four positions from `places` on are neighbours in the image. */
// @ts-ignore: decorator
@inline
function areNeighbours(places: usize): bool {
  return load<u32>(places, 12) - load<u32>(places) == 12;
}

/**
 * Columns in panels of eight positions, as `multiplyPanels` reads them: for each of `depth` elements of the window eight
 * elements of the image, 0 behind the last position.
 */
export function unfoldPanels(image: usize, places: usize, width: i32, elements: usize, depth: i32, to: usize): void {
  for (let j = 0; j < width; j += 4, places += 16) {
    const into = to + (<usize>(j & -8) * depth << 2) + (<usize>(j & 4) << 2);
    if (j + 4 > width) unfoldFew(image, places, width - j, elements, depth, into);
    else if (areNeighbours(places)) {
      const from = image + load<u32>(places);
      for (let k: usize = 0; k < <usize>depth; k++) {
        v128.store(into + (k << 5), v128.load(from + load<u32>(elements + (k << 2))));
      }
    } else {
      const p0 = image + load<u32>(places);
      const p1 = image + load<u32>(places, 4);
      const p2 = image + load<u32>(places, 8);
      const p3 = image + load<u32>(places, 12);
      for (let k: usize = 0; k < <usize>depth; k++) {
        const element = load<u32>(elements + (k << 2));
        const at = into + (k << 5);
        store<f32>(at, load<f32>(p0 + element));
        store<f32>(at, load<f32>(p1 + element), 4);
        store<f32>(at, load<f32>(p2 + element), 8);
        store<f32>(at, load<f32>(p3 + element), 12);
      }
    }
  }
  // The last panel's second half, where no position lies in it.
  if (((width + 3) & 4) == 0 || width == 0) return;
  const into = to + (<usize>((width + 3) & -8) * depth << 2) + 16;
  for (let k: usize = 0; k < <usize>depth; k++) v128.store(into + (k << 5), f32x4.splat(0));
}

function unfoldFew(image: usize, places: usize, count: i32, elements: usize, depth: i32, into: usize): void {
  for (let k: usize = 0; k < <usize>depth; k++) {
    const from = image + load<u32>(elements + (k << 2));
    const at = into + (k << 5);
    v128.store(at, f32x4.splat(0));
    for (let i: usize = 0; i < <usize>count; i++) store<f32>(at + (i << 2), load<f32>(from + load<u32>(places + (i << 2))));
  }
}

/** Columns as rows: for each of `rows` elements of the window `width` elements of the image. */
export function unfoldRows(image: usize, places: usize, width: i32, elements: usize, rows: i32, to: usize): void {
  const whole = <usize>(width & -4) << 2;
  const all = <usize>width << 2;
  for (let r: usize = 0; r < <usize>rows; r++, to += all) {
    const from = image + load<u32>(elements + (r << 2));
    for (let j: usize = 0; j < whole; j += 16) {
      const at = places + j;
      if (areNeighbours(at)) v128.store(to + j, v128.load(from + load<u32>(at)));
      else {
        store<f32>(to + j, load<f32>(from + load<u32>(at)));
        store<f32>(to + j, load<f32>(from + load<u32>(at, 4)), 4);
        store<f32>(to + j, load<f32>(from + load<u32>(at, 8)), 8);
        store<f32>(to + j, load<f32>(from + load<u32>(at, 12)), 12);
      }
    }
    for (let j = whole; j < all; j += 4) store<f32>(to + j, load<f32>(from + load<u32>(places + j)));
  }
}

/** Adds columns that lie as rows to the elements of the image that they were made of. */
export function foldRows(from: usize, places: usize, width: i32, elements: usize, rows: i32, image: usize): void {
  const whole = <usize>(width & -4) << 2;
  const all = <usize>width << 2;
  for (let r: usize = 0; r < <usize>rows; r++, from += all) {
    const to = image + load<u32>(elements + (r << 2));
    for (let j: usize = 0; j < whole; j += 16) {
      const at = places + j;
      if (areNeighbours(at)) {
        const into = to + load<u32>(at);
        v128.store(into, f32x4.add(v128.load(into), v128.load(from + j)));
      } else {
        addTo(to + load<u32>(at), load<f32>(from + j));
        addTo(to + load<u32>(at, 4), load<f32>(from + j, 4));
        addTo(to + load<u32>(at, 8), load<f32>(from + j, 8));
        addTo(to + load<u32>(at, 12), load<f32>(from + j, 12));
      }
    }
    for (let j = whole; j < all; j += 4) addTo(to + load<u32>(places + j), load<f32>(from + j));
  }
}

// @ts-ignore: decorator
@inline
function addTo(at: usize, value: f32): void {
  store<f32>(at, load<f32>(at) + value);
}
