import { FormatError } from "../../util/errors.ts";
import type { Shape } from "../../util/shape.ts";
import { readBytes } from "../files/read-file.ts";
import { DataTransformer } from "../images/data-transformer.ts";
import { decodedShape, ImageDecoder } from "../images/decode.ts";
import { imageHeader } from "../images/header.ts";
import { bytesFor, copyPlane, planar, type Raster } from "../images/raster.ts";
import { resizeLinear } from "../images/resize.ts";
import { clipAt, type ListedClip } from "../lists/clip-list.ts";
import { frameNames } from "../lists/frame-names.ts";
import { pathWithin } from "../lists/image-list.ts";
import { type LineList, lineName } from "../lists/line-list.ts";
import { clipFrames, type FrameChoice, frameCount, isChoiceDrawn } from "./clip-frames.ts";
import { ImageBatches, type ImagesPlan } from "./image-batches.ts";
import { ListOrder, type OrderedPlan } from "./list-order.ts";
import { type BatchLoader, type Place, recordNumber } from "./loader.ts";
import { aboutRecord } from "./record-error.ts";

/** Clips of frames, which lie in folders that a list names. `transform` has means of all channels of all frames. */
export interface ClipPlan extends ImagesPlan, OrderedPlan {
  readonly kind: "clips";
  readonly list: LineList;
  /** Folders start here, with `rootFolder` before them. */
  readonly base: string;
  readonly rootFolder: string;
  readonly choice: FrameChoice;
  /** Patterns of the names of a frame's images: one, or a flow's two. */
  readonly names: readonly string[];
  readonly isColor: boolean;
  /** Every frame is brought to this size; 0 by 0 for its own. */
  readonly newHeight: number;
  readonly newWidth: number;
  /** C×L×H×W, an axis of time behind the channels; else the frames' channels follow each other. */
  readonly hasTime: boolean;
  /** Whether there is a second top, of labels: one each, or where a clip has several of `labels`, ones and zeros. */
  readonly hasLabels: boolean;
  readonly labels: number | undefined;
}

/** How many channels each frame has. */
export function frameChannels({ names, isColor }: Pick<ClipPlan, "names" | "isColor">): number {
  return names.length * (isColor ? 3 : 1);
}

/**
 * The shape of a clip as the net gets it.
 * @throws FileError, FormatError where its size is that of the first frame, which cannot be read
 */
export function peekClip(plan: ClipPlan): Shape {
  const { newHeight, newWidth, choice, transform } = plan;
  const channels = frameChannels(plan) * frameCount(choice);
  const sized = (height: number, width: number): Shape =>
    clipShape(plan, new DataTransformer(transform).shapeOf({ channels, height, width }));
  if (newHeight > 0) return sized(newHeight, newWidth);
  const listed = clipAt(plan.list, orderOf(plan).at(recordNumber(plan, 0, 0)));
  try {
    const path = firstFrame(plan, listed);
    const header = imageHeader(readBytes(path, "frame"), path);
    const [, height, width] = decodedShape(header, plan.isColor ? "color" : "gray");
    return sized(height, width);
  } catch (error) {
    throw aboutRecord(error, lineName(plan.list, listed));
  }
}

/** The line that record number `position` of a plan is read from, as messages name it. */
export function clipLine(plan: ClipPlan, position: number): string {
  return lineName(plan.list, clipAt(plan.list, orderOf(plan).at(position)));
}

/** Where the first frame of a clip lies, as far as nothing is drawn. */
export function firstFrame(plan: ClipPlan, listed: ListedClip): string {
  const [name] = namesOf(plan);
  const [frame = 1] = clipFrames(plan.choice, listed.number, "TEST", undefined);
  return framePath(plan, listed, name?.(frame) ?? "");
}

function framePath({ base, rootFolder }: ClipPlan, { folder }: ListedClip, name: string): string {
  return pathWithin(base, rootFolder, `${folder}/${name}`);
}

function namesOf({ names }: ClipPlan): readonly ((number: number) => string)[] {
  return names.map((pattern) => frameNames(pattern) ?? (() => pattern));
}

function orderOf(plan: ClipPlan): ListOrder {
  return new ListOrder(plan, plan.list.starts.length);
}

/** The shape of a clip whose frames' channels follow each other, as the plan's nets have it. */
function clipShape(plan: ClipPlan, [channels, ...lengths]: readonly [number, ...number[]]): Shape {
  if (!plan.hasTime) return [channels, ...lengths];
  const own = frameChannels(plan);
  return [own, channels / own, ...lengths];
}

/** Makes batches of a list's clips, pass after pass: every frame of a clip is cut and mirrored alike. */
export class ClipLoader implements BatchLoader {
  readonly #plan: ClipPlan;
  readonly #order: ListOrder;
  readonly #images: ImageBatches;
  readonly #decoder = new ImageDecoder();
  readonly #names: readonly ((number: number) => string)[];
  /** A clip's bytes, which are used again. */
  #bytes: Uint8Array = new Uint8Array(0);

  constructor(plan: ClipPlan) {
    this.#plan = plan;
    this.#order = orderOf(plan);
    this.#images = new ImageBatches(plan);
    this.#names = namesOf(plan);
  }

  async load(batch: number, place: Place): Promise<boolean> {
    const { batchSize, list, choice, hasLabels, labels, transform } = this.#plan;
    const first = recordNumber(this.#plan, batch, 0);
    const each = labels ?? 1;
    const shape = labels === undefined ? [batchSize] : [batchSize, labels];
    const label = hasLabels ? place(1, shape) : undefined;
    const filling = this.#images.begin(batch, (top, [count = 0, ...own]) =>
      place(top, [count, ...clipShape(this.#plan, own as [number, ...number[]])]),
    );
    const isDrawn = isChoiceDrawn(choice, transform.phase);
    let position = first;
    for (let i = 0; i < batchSize; i++) {
      position = recordNumber(this.#plan, batch, i);
      const listed = clipAt(list, this.#order.at(position));
      try {
        const random = this.#images.random(filling, i, isDrawn);
        const frames = clipFrames(choice, listed.number, transform.phase, random);
        await this.#images.put(await this.#read(listed, frames), filling, i, random);
      } catch (error) {
        throw aboutRecord(error, lineName(list, listed));
      }
      if (!label) continue;
      if (labels === undefined) label[i] = listed.labels[0] ?? 0;
      else {
        label.fill(0, i * each, (i + 1) * each);
        for (const one of listed.labels) label[i * each + one] = 1;
      }
    }
    this.#images.flush();
    return this.#order.beginsIn(first, position);
  }

  close(): void {}

  /** The frames of a clip as one image of all their channels. */
  async #read(listed: ListedClip, frames: readonly number[]): Promise<Raster> {
    const { isColor, newHeight, newWidth, hasTime } = this.#plan;
    const own = frameChannels(this.#plan);
    let clip: Raster | undefined;
    for (const [l, frame] of frames.entries()) {
      for (const [k, name] of this.#names.entries()) {
        const path = framePath(this.#plan, listed, name(frame));
        const mode = isColor ? "color" : "gray";
        const image = await this.#decoder.decode(readBytes(path, "frame"), mode, path);
        const sized = newHeight > 0 ? resizeLinear(image, newHeight, newWidth) : image;
        clip ??= this.#clip(own * frames.length, sized);
        checkSize(sized, clip, path);
        for (let c = 0; c < sized.channels; c++) {
          const channel = k * sized.channels + c;
          const plane = hasTime ? channel * frames.length + l : l * own + channel;
          copyPlane(sized, c, this.#bytes, plane * sized.height * sized.width);
        }
      }
    }
    return clip as Raster;
  }

  #clip(channels: number, { height, width }: Raster): Raster {
    const count = channels * height * width;
    if (this.#bytes.length !== count) this.#bytes = bytesFor(channels, height, width);
    return planar(this.#bytes, channels, height, width);
  }
}

function checkSize({ height, width }: Raster, clip: Raster, path: string): void {
  if (height === clip.height && width === clip.width) return;
  throw new FormatError(
    `${path} is ${height}×${width}, and the frame before it ${clip.height}×${clip.width}. Expected frames of one size in a clip; give new_height and new_width.`,
  );
}
