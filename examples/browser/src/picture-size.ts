/** Pixels of a picture's side. */
export const SIDE = 28;
/** Pixels of a picture, a byte each. */
export const PIXELS: number = SIDE * SIDE;
