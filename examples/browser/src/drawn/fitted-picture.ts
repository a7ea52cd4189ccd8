import { PIXELS, SIDE } from "../picture-size.ts";

/**
 * What is drawn as Fashion-MNIST has its pictures: as large as 28×28 pixels let it be, in the middle, grey; undefined where nothing
 * is drawn.
 */
export function fittedPicture(canvas: HTMLCanvasElement): Uint8Array | undefined {
  const box = boxOf(canvas);
  if (!box) return undefined;
  const small = new OffscreenCanvas(SIDE, SIDE);
  const context = small.getContext("2d") as OffscreenCanvasRenderingContext2D;
  const [left, top, width, height] = box;
  const scale = SIDE / Math.max(width, height);
  const [wide, tall] = [width * scale, height * scale];
  context.imageSmoothingQuality = "high";
  context.fillStyle = "#000";
  context.fillRect(0, 0, SIDE, SIDE);
  context.drawImage(
    canvas,
    ...([left, top, width, height] as const),
    ...([(SIDE - wide) / 2, (SIDE - tall) / 2, wide, tall] as const),
  );
  const { data } = context.getImageData(0, 0, SIDE, SIDE);
  return Uint8Array.from({ length: PIXELS }, (_, i) => data[4 * i] ?? 0);
}

/** The box around what is light. */
function boxOf(
  canvas: HTMLCanvasElement,
): readonly [left: number, top: number, width: number, height: number] | undefined {
  const { width, height } = canvas;
  const context = canvas.getContext("2d");
  const data = context?.getImageData(0, 0, width, height).data ?? [];
  let [left, top, right, bottom] = [width, height, -1, -1];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if ((data[4 * (y * width + x)] ?? 0) < 64) continue;
      [left, right] = [Math.min(left, x), Math.max(right, x)];
      [top, bottom] = [Math.min(top, y), Math.max(bottom, y)];
    }
  }
  return right < 0 ? undefined : [left, top, right - left + 1, bottom - top + 1];
}
