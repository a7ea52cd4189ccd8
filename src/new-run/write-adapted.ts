import { basename, join } from "node:path";
import { writeFilesAtomically } from "../io/files/atomic-file.ts";
import { makeFolder } from "../io/files/file-system.ts";
import { compactNet } from "../io/text/compact-prototxt.ts";
import { CaffeError } from "../util/errors.ts";
import { type BaseModel, readBaseModel } from "./base-model.ts";
import { makeNets } from "./made-nets.ts";

/** What a model is to be made for. */
interface AdaptedWishes {
  /** How many there are; the background of a detector is none of them. */
  readonly classes: number;
  /** Height and width of its images; its own by default. */
  readonly size: number | undefined;
  /** How much of their outputs layers have, of a segmenter; all by default. */
  readonly width?: number | undefined;
  /** Weights that it is to go on from. */
  readonly weights: string | undefined;
}

/**
 * Writes a model's nets for other classes and another size: `train_val.prototxt`, whose data layers are the model's but
 * for the size, and `deploy.prototxt`.
 *
 * @returns their paths
 * @throws FileError, FormatError, CaffeError where the model is for something else, or does not suit the wishes
 */
export function writeAdaptedModel(
  id: string,
  folder: string,
  { classes, size, width, weights }: AdaptedWishes,
): string[] {
  const model = readBaseModel(id, ["classification", "detection", "segmentation"]);
  if (model.task !== "detection" && classes < 2) {
    throw new CaffeError(
      `${classes} class is given, and ${id} tells classes apart. Expected two or more.`,
    );
  }
  const pixels = size ?? model.input[1];
  const nets = makeNets(model, {
    ...{ classes, size: pixels, width, suffix: suffixOf(folder) },
    ...(weights !== undefined && { weights }),
  });
  const title = titleOf(model, classes, pixels);
  const files = [
    { name: "train_val.prototxt", net: nets.trainVal },
    { name: "deploy.prototxt", net: nets.deploy },
  ].map(({ name, net }) => ({
    path: join(folder, name),
    chunks: [new TextEncoder().encode(`${title}\n${compactNet(net)}`)],
  }));
  makeFolder(folder);
  writeFilesAtomically(files);
  return files.map(({ path }) => path);
}

/** The first line of a net that was made of a model. */
export function titleOf({ title }: BaseModel, classes: number, size: number): string {
  return `# ${title} for ${classes} classes, ${size}x${size} pixels.`;
}

/** What stands behind the names of layers that begin anew in nets of that folder. */
export function suffixOf(folder: string): string {
  return basename(folder).replace(/\W+/g, "_") || "new";
}
