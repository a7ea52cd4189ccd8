import { decodeIdx } from "caffe-ts";
import type { PictureFacts } from "../messages.ts";
import { PIXELS, SIDE } from "../picture-size.ts";
import type { PictureSet } from "./feed.ts";

/** Pictures to learn from, and pictures to be tested with. */
export interface Pictures {
  readonly train: PictureSet;
  readonly test: PictureSet;
}

type Part = keyof Pictures;
type Kind = keyof PictureSet;

/** The files of MNIST and of Fashion-MNIST, by part. */
const PREFIXES: Readonly<Record<Part, string>> = { train: "train", test: "t10k" };

/** Fashion-MNIST's classes, and the labels of its training part that tell it from digits in files of the same names. */
const CLOTHES = "T-shirt Trouser Pullover Dress Coat Sandal Shirt Sneaker Bag Boot".split(" ");
const FIRST_OF_CLOTHES = "9,0,0,3,0,2,7,2,5,5";
const SAMPLES = 20;

/** Reads what lies beside the page. */
export async function fetchedPictures(folder: string): Promise<Pictures> {
  const part = async (name: Part): Promise<PictureSet> => {
    const [pixels, labels] = await Promise.all(
      ["images-idx3", "labels-idx1"].map((what) =>
        fetched(`${folder}${PREFIXES[name]}-${what}-ubyte.gz`),
      ),
    );
    return pairOf(pixels, labels, name);
  };
  const [train, test] = await Promise.all([part("train"), part("test")]);
  return { train, test };
}

async function fetched(url: string): Promise<NamedArray> {
  const response = await fetch(url);
  if (!response.ok) {
    throw new Error(
      "there are no pictures beside this page. Drop Fashion-MNIST's four IDX files on it: train-images-idx3-ubyte.gz, train-labels-idx1-ubyte.gz, and the two that begin with t10k.",
    );
  }
  return decoded(await response.arrayBuffer(), url.split("/").at(-1) ?? url);
}

/**
 * Reads IDX files in the place of pictures that were read before.
 * @throws Error where one is no IDX file of pictures or labels, or has no partner
 */
export async function droppedPictures(
  files: readonly File[],
  before: Pictures | undefined,
): Promise<Pictures> {
  const found = new Map<`${Part} ${Kind}`, NamedArray>();
  for (const file of files) {
    const array = await decoded(await file.arrayBuffer(), file.name);
    found.set(`${partOf(file.name)} ${array.dims.length === 1 ? "labels" : "pixels"}`, array);
  }
  const part = (name: Part): PictureSet => {
    const [pixels, labels] = [found.get(`${name} pixels`), found.get(`${name} labels`)];
    const kept = before?.[name];
    return pixels === undefined && labels === undefined && kept
      ? kept
      : pairOf(pixels, labels, name);
  };
  return { train: part("train"), test: part("test") };
}

function partOf(name: string): Part {
  if (/train/i.test(name)) return "train";
  if (/t10k|test/i.test(name)) return "test";
  throw new Error(
    `${name}: is it to learn from or to test with? Expected "train" or "t10k" in its name.`,
  );
}

interface NamedArray {
  readonly name: string;
  readonly dims: readonly number[];
  readonly data: Uint8Array;
}

async function decoded(buffer: ArrayBuffer, name: string): Promise<NamedArray> {
  const raw = new Uint8Array(buffer);
  // A server may have unpacked it.
  const bytes = raw[0] === 0x1f && raw[1] === 0x8b ? await unpacked(raw, name) : raw;
  return { name, ...decodeIdx(bytes, name) };
}

async function unpacked(bytes: Uint8Array<ArrayBuffer>, name: string): Promise<Uint8Array> {
  try {
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return new Uint8Array(await new Response(stream).arrayBuffer());
  } catch (cause) {
    throw new Error(`${name}: it cannot be unpacked. It is cut short or damaged.`, { cause });
  }
}

function pairOf(
  pixels: NamedArray | undefined,
  labels: NamedArray | undefined,
  part: Part,
): PictureSet {
  if (!pixels || !labels) {
    throw new Error(
      `the ${part} part has ${pixels ? "no labels" : labels ? "no pictures" : "neither pictures nor labels"}. Expected ${PREFIXES[part]}-images-idx3-ubyte and ${PREFIXES[part]}-labels-idx1-ubyte, dropped together.`,
    );
  }
  const [count = 0, ...size] = pixels.dims;
  if (size.join() !== `${SIDE},${SIDE}` || count === 0) {
    throw new Error(`${pixels.name}: it is ${pixels.dims.join("×")}. Expected N×28×28 pictures.`);
  }
  if (labels.data.length !== count) {
    throw new Error(
      `${labels.name}: it holds ${labels.data.length} labels for ${count} pictures. Expected one for each.`,
    );
  }
  return { pixels: pixels.data, labels: labels.data };
}

/** What the page is told of pictures. */
export function factsOf({ train, test }: Pictures): PictureFacts {
  const isClothes = train.labels.subarray(0, 10).join() === FIRST_OF_CLOTHES;
  const most = train.labels.reduce((a, b) => Math.max(a, b), 0);
  return {
    ...{ train: train.labels.length, test: test.labels.length },
    classes: isClothes ? CLOTHES : Array.from({ length: most + 1 }, (_, i) => String(i)),
    samples: test.pixels.slice(0, SAMPLES * PIXELS),
    labels: test.labels.slice(0, SAMPLES),
  };
}
