import type { Random } from "../../util/random.ts";
import { cropped, mirrored, type Raster } from "../images/raster.ts";
import { resizeLinear } from "../images/resize.ts";
import type { Box, ListedObject } from "../lists/object-file.ts";

/** An image, and what lies in it. */
export interface Scene {
  readonly image: Raster;
  readonly objects: ListedObject[];
  readonly regions: Box[];
}

/** Height and width. */
export type Size = readonly [height: number, width: number];

/** How an image is zoomed in or out at random. */
export interface Zoom {
  /** How often. */
  readonly probability: number;
  /**
   * The factor: between `low` and `high`; such that the chosen object gets a size between them; or such that it is moved by
   * half octaves among those between them, as MS-CNN does.
   */
  readonly of: "image" | "object" | "octaves";
  readonly low: number;
  readonly high: number;
  /** Width by height: factors of an image's, and with "octaves" what the object's becomes, every other time. */
  readonly aspect: readonly [low: number, high: number] | undefined;
}

/** Where an image lies in the net's input: pixels beyond it are 0. */
export interface Placed {
  readonly scene: Scene;
  /** The part of the input that the image covers, and where in the image that begins. */
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  readonly fromLeft: number;
  readonly fromTop: number;
}

/** What is larger than this is cut before it is made larger still. */
const LARGE = 1.5;
/** And so much more than the input is kept. */
const SPARE = 1.2;
/** An image is moved by less than this, either way. */
const SHIFT = 10;

/** Every box of a scene moved: first multiplied, then shifted. */
function move(
  { objects, regions }: Omit<Scene, "image">,
  [scaleX, scaleY]: readonly [number, number],
  [shiftX, shiftY]: readonly [number, number],
): void {
  for (const box of [...objects, ...regions]) {
    box.x1 = box.x1 * scaleX + shiftX;
    box.x2 = box.x2 * scaleX + shiftX;
    box.y1 = box.y1 * scaleY + shiftY;
    box.y2 = box.y2 * scaleY + shiftY;
  }
}

/** The scene with left and right exchanged. */
export function flipped(scene: Scene): Scene {
  const { width } = scene.image;
  for (const box of [...scene.objects, ...scene.regions]) {
    [box.x1, box.x2] = [width - box.x2, width - box.x1];
  }
  return { ...scene, image: mirrored(scene.image) };
}

/** The scene at another size. */
export function resized(scene: Scene, [height, width]: Size): Scene {
  const { image } = scene;
  if (height === image.height && width === image.width) return scene;
  move(scene, [width / image.width, height / image.height], [0, 0]);
  return { ...scene, image: resizeLinear(image, Math.max(height, 1), Math.max(width, 1)) };
}

/** Zooms at an object drawn at random, or at a place of an image that has none, and puts it into an input of that size. */
export function placed(
  from: Scene,
  [height, width]: Size,
  zoom: Zoom | undefined,
  random: Random,
): Placed {
  let scene = from;
  const chosen = scene.objects[random.below(Math.max(scene.objects.length, 1))];
  let centre = chosen
    ? ([(chosen.x1 + chosen.x2) / 2, (chosen.y1 + chosen.y2) / 2] as const)
    : ([
        freely(scene.image.width, width, random),
        freely(scene.image.height, height, random),
      ] as const);
  const [fx, fy] = zoom ? factorsOf(zoom, chosen, random) : [1, 1];
  if (fx !== 1 || fy !== 1) {
    if (fx > LARGE || fy > LARGE) {
      const cut = around(scene.image, centre, [fx, fy]);
      scene = { ...scene, image: cropped(scene.image, cut.top, cut.left, cut.height, cut.width) };
      move(scene, [1, 1], [-cut.left, -cut.top]);
      centre = [centre[0] - cut.left, centre[1] - cut.top];
    }
    const { image } = scene;
    const size = [Math.round(image.height * fy), Math.round(image.width * fx)] as const;
    move(scene, [fx, fy], [0, 0]);
    scene = { ...scene, image: resizeLinear(image, Math.max(size[0], 1), Math.max(size[1], 1)) };
  }
  const shift = (): number => random.below(2 * SHIFT) - SHIFT;
  const [shiftX, shiftY] = [shift(), shift()];
  const x = along(scene.image.width, width, Math.round(centre[0] * fx), shiftX);
  const y = along(scene.image.height, height, Math.round(centre[1] * fy), shiftY);
  move(scene, [1, 1], [x.to - x.from, y.to - y.from]);
  return {
    scene,
    left: x.to,
    top: y.to,
    width: x.length,
    height: y.length,
    fromLeft: x.from,
    fromTop: y.from,
  };
}

/** The middle of an input somewhere in an image, along one axis. */
function freely(image: number, input: number, random: Random): number {
  const drawn = random.below(Math.max(image - input, 0) + 1);
  return input > image ? image / 2 : drawn + input / 2;
}

/** Which part of an axis goes where: around the centre of a longer image, into the middle around a shorter one. */
function along(
  image: number,
  input: number,
  centre: number,
  shift: number,
): { readonly from: number; readonly to: number; readonly length: number } {
  const within = (value: number, most: number): number => Math.min(Math.max(value, 0), most);
  if (image < input) {
    const to = within(Math.round((input - image) / 2) + shift, input - image);
    return { from: 0, to, length: image };
  }
  const from = within(centre + shift - Math.round(input / 2), image - input);
  return { from, to: 0, length: input };
}

/** What is needed of an image that becomes larger. */
function around(
  { height, width }: Raster,
  [x, y]: readonly [number, number],
  [fx, fy]: readonly [number, number],
): {
  readonly left: number;
  readonly top: number;
  readonly height: number;
  readonly width: number;
} {
  const part = (length: number, factor: number, centre: number): readonly [number, number] => {
    const size = Math.min(Math.max(Math.round((SPARE * length) / factor), 1), length);
    return [Math.min(Math.max(Math.round(centre - size / 2), 0), length - size), size];
  };
  const [[left, w], [top, h]] = [part(width, fx, x), part(height, fy, y)];
  return { left, top, width: w, height: h };
}

function factorsOf(zoom: Zoom, chosen: Box | undefined, random: Random): readonly [number, number] {
  if (random.uniform() >= zoom.probability) return [1, 1];
  if (zoom.of === "octaves") return chosen ? octaves(zoom, chosen, random) : [1, 1];
  let [low, high] = [zoom.low, zoom.high];
  if (zoom.of === "object") {
    // As there, a scene without objects becomes twice as large.
    const side = chosen && Math.sqrt((chosen.x2 - chosen.x1 + 1) * (chosen.y2 - chosen.y1 + 1));
    [low, high] = side === undefined ? [2, 2] : [low / side, high / side];
  }
  const factor = 2 ** random.uniform(Math.log2(low), Math.log2(high));
  if (!zoom.aspect) return [factor, factor];
  const [narrow, wide] = zoom.aspect;
  const aspect = Math.sqrt(2 ** random.uniform(Math.log2(narrow), Math.log2(wide)));
  return [factor * aspect, factor / aspect];
}

/** Half octaves from `low` to `high`: the object is moved from the one that it is next to, by area, to any other. */
function octaves(
  { low, high, aspect }: Zoom,
  { x1, y1, x2, y2 }: Box,
  random: Random,
): readonly [number, number] {
  const [width, height] = [x2 - x1, y2 - y1];
  const count = Math.round(2 * Math.log2(high / low) + 1);
  let [best, own] = [0, 0];
  for (let i = 0; i < count; i++) {
    const [area, field] = [width * height, (low * 2 ** (i / 2)) ** 2];
    const overlap = Math.min(area, field) / Math.max(area, field);
    if (overlap > best) [best, own] = [overlap, i / 2];
  }
  const factor = 2 ** (random.below(count) / 2 - own);
  if (!aspect || random.below(2) === 0 || width <= 0 || height <= 0) return [factor, factor];
  const steps = Math.max(Math.round((aspect[1] - aspect[0]) / 0.05), 1);
  const wanted = random.below(steps) * 0.05 + aspect[0];
  const stretch = wanted / (width / height);
  const isFit = (side: number): boolean => side >= low * 0.8 && side <= high * 1.2;
  if (random.below(2) === 1) {
    return [isFit(width * factor * stretch) ? factor * stretch : factor, factor];
  }
  return [factor, isFit((height * factor) / stretch) ? factor / stretch : factor];
}
