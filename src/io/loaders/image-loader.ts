import { readBytes } from "../files/read-file.ts";
import { DataTransformer } from "../images/data-transformer.ts";
import { decodedShape, ImageDecoder } from "../images/decode.ts";
import { imageHeader } from "../images/header.ts";
import type { Raster } from "../images/raster.ts";
import { resizeLinear } from "../images/resize.ts";
import { type ListedImage, listedImage, pathWithin, type SharedList } from "../lists/image-list.ts";
import { lineName } from "../lists/line-list.ts";
import { ImageBatches, type ImagesPlan } from "./image-batches.ts";
import { ListOrder, type OrderedPlan } from "./list-order.ts";
import { type BatchLoader, type Place, recordNumber } from "./loader.ts";
import { aboutRecord } from "./record-error.ts";

/** Images from files that a list names. */
export interface ImagePlan extends ImagesPlan, OrderedPlan {
  readonly kind: "images";
  readonly list: SharedList;
  /** Paths start here, with `rootFolder` before them. */
  readonly base: string;
  readonly rootFolder: string;
  readonly isColor: boolean;
  /** Every image is brought to this size; 0 by 0 for its own. */
  readonly newHeight: number;
  readonly newWidth: number;
  /** Whether there is a second top, of labels. */
  readonly hasLabels: boolean;
}

/**
 * (C, H, W) of the first image that a plan reads, as the net gets it.
 * @throws FileError, FormatError where it cannot be read
 */
export function peekImage(plan: ImagePlan): readonly [number, number, number] {
  const { isColor, newHeight, newWidth, transform } = plan;
  const transformer = new DataTransformer(transform);
  const channels = isColor ? 3 : 1;
  if (newHeight > 0) {
    return transformer.shapeOf({ channels, height: newHeight, width: newWidth });
  }
  const image = imageAt(plan, orderOf(plan), recordNumber(plan, 0, 0));
  try {
    const path = pathWithin(plan.base, plan.rootFolder, image.path);
    const header = imageHeader(readBytes(path, "image"), path);
    const [, height, width] = decodedShape(header, isColor ? "color" : "gray");
    return transformer.shapeOf({ channels, height, width });
  } catch (error) {
    throw aboutRecord(error, lineName(plan.list, image));
  }
}

/** The line that record number `position` of a plan is read from, as messages name it. */
export function listedLine(plan: ImagePlan, position: number): string {
  return lineName(plan.list, imageAt(plan, orderOf(plan), position));
}

/** Makes batches of a list's images, pass after pass. */
export class ImageLoader implements BatchLoader {
  readonly #plan: ImagePlan;
  readonly #order: ListOrder;
  readonly #images: ImageBatches;
  readonly #decoder = new ImageDecoder();

  constructor(plan: ImagePlan) {
    this.#plan = plan;
    this.#order = orderOf(plan);
    this.#images = new ImageBatches(plan);
  }

  async load(batch: number, place: Place): Promise<boolean> {
    const { batchSize, list, hasLabels } = this.#plan;
    const first = recordNumber(this.#plan, batch, 0);
    const label = hasLabels ? place(1, [batchSize]) : undefined;
    const filling = this.#images.begin(batch, place);
    let position = first;
    for (let i = 0; i < batchSize; i++) {
      position = recordNumber(this.#plan, batch, i);
      const listed = imageAt(this.#plan, this.#order, position);
      try {
        const image = await this.#load(listed.path);
        const random = this.#images.random(filling, i);
        await this.#images.put(this.#images.widen(image, random).image, filling, i, random);
        if (label) label[i] = listed.label;
      } catch (error) {
        throw aboutRecord(error, lineName(list, listed));
      }
    }
    this.#images.flush();
    return this.#order.beginsIn(first, position);
  }

  close(): void {}

  async #load(listed: string): Promise<Raster> {
    const { base, rootFolder, isColor, newHeight, newWidth } = this.#plan;
    const path = pathWithin(base, rootFolder, listed);
    const mode = isColor ? "color" : "gray";
    const image = await this.#decoder.decode(readBytes(path, "image"), mode, path);
    return newHeight > 0 ? resizeLinear(image, newHeight, newWidth) : image;
  }
}

function orderOf(plan: ImagePlan): ListOrder {
  return new ListOrder(plan, plan.list.starts.length);
}

/** The image at a place since the beginning of training. */
function imageAt({ list }: ImagePlan, order: ListOrder, position: number): ListedImage {
  return listedImage(list, order.at(position));
}
