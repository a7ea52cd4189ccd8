import { pathWithin } from "../../io/lists/image-list.ts";
import { type ObjectFile, readObjectFile } from "../../io/lists/object-file.ts";
import { ANCHOR_LABELS, type AnchorMap, mapLength } from "../../io/loaders/anchor-labels.ts";
import type { Size } from "../../io/loaders/object-view.ts";
import type { ObjectsPlan, Sides } from "../../io/loaders/objects-loader.ts";
import { readShared } from "../../io/loaders/shared-files.ts";
import { withDefaults } from "../../io/proto/messages.ts";
import type { Shape } from "../../util/shape.ts";
import type { Blobs } from "./layer.ts";
import { PrefetchingDataLayer } from "./prefetching-data.ts";

/** What layers of images with objects are told, whatever their forks call it. */
interface ObjectsTold
  extends Pick<
    ObjectsPlan,
    | "entries"
    | "shuffle"
    | "grouping"
    | "groupSize"
    | "resize"
    | "input"
    | "isInputOnGrid"
    | "ratios"
    | "zoom"
    | "scale"
    | "distortion"
    | "maps"
    | "rules"
    | "minWidth"
    | "minHeight"
    | "objectRow"
    | "hasDifficult"
  > {
  readonly batchSize: number;
  readonly rootFolder: string;
  readonly cacheImages: boolean;
}

/**
 * Images that a window file lists, with the objects in them, read ahead in threads of their own.
 */
export abstract class ObjectsDataLayer extends PrefetchingDataLayer<Blobs> {
  /** @throws LayerError, FileError, FormatError */
  protected objectFile(
    source: string | undefined,
    hasDifficult: boolean,
    message: string,
  ): ObjectFile {
    if (!source) this.fail(`${message} has no source. Expected a window file.`);
    const file = this.named(() => readObjectFile(this.locate(source), hasDifficult));
    this.context.log(`Number of images: ${file.images.length}`);
    return file;
  }

  /** Says what is to be read, and gives its tops the shapes of a first batch. */
  protected readsObjects(file: ObjectFile, told: ObjectsTold, top: Blobs): void {
    const { batchSize, rootFolder, maps, objectRow, cacheImages, ...rest } = told;
    const wanted = 1 + maps.length + (objectRow ? 1 : 0);
    if (top.length !== wanted) {
      this.fail(
        `${top.length} tops. Expected ${wanted}: images, labels of ${maps.length} maps of anchors${objectRow ? ", and objects" : ""}.`,
      );
    }
    const base = this.context.root ?? ".";
    const plan: ObjectsPlan = {
      ...this.basePlan(this.batchOf(batchSize)),
      ...rest,
      kind: "objects",
      file,
      base,
      rootFolder,
      maps,
      objectRow,
      skip: 0,
      mirror: this.param.transform_param?.mirror ?? false,
      meanValues: this.meanOf(file.channels),
      cache: cacheImages
        ? this.named(() =>
            readShared(file.images.map((path) => pathWithin(base, rootFolder, path))),
          )
        : undefined,
    };
    const size = sizeOf(told.input) ?? lastSize(file);
    for (const map of maps) {
      if (!mapShape(map, size).includes(0)) continue;
      this.fail(
        `a map of every ${map.stride}th pixel has no element of images of ${size.join("×")}. Expected a smaller downsample_rate, or a larger image.`,
      );
    }
    const { foreground, region, pickup } = told.rules;
    for (const threshold of [foreground, region, pickup]) {
      if (Number.isNaN(threshold)) this.fail("a threshold of overlaps is NaN. Expected a number.");
    }
    if (!Number.isFinite(told.scale)) {
      this.fail(`scale is ${told.scale}. Expected a finite number.`);
    }
    top[0]?.reshape([batchSize, file.channels, ...size]);
    maps.forEach((map, i) => {
      top[1 + i]?.reshape([batchSize, ...mapShape(map, size)]);
    });
    if (objectRow) top.at(-1)?.reshape([1, objectRow.length, 1, 1]);
    this.context.log(`output data size: ${top[0]?.shape.join(",")}`);
    this.prefetches(plan, top, { source: file.source, isDecoded: true });
  }

  protected batchOf(size: number | undefined): number {
    if (size === undefined || size < 1)
      this.fail(`batch_size is ${size ?? 0}. Expected 1 or more.`);
    return size;
  }

  /** The mean of each channel: what these layers know of transform_param besides mirror. */
  protected meanOf(channels: number): readonly number[] {
    const { mean_value, mean_file, crop_size } = withDefaults(
      "TransformationParameter",
      this.param.transform_param,
    );
    if (mean_file !== undefined || crop_size > 0) {
      this.fail(
        "transform_param has mean_file or crop_size. Expected mean_value, and a crop in the layer's own parameters: images are of many sizes.",
      );
    }
    if (mean_value.length > 1 && mean_value.length !== channels) {
      this.fail(
        `${mean_value.length} mean_values. Specify either 1 mean_value or as many as channels: ${channels}.`,
      );
    }
    return [...mean_value];
  }

  /** The maps of anchors that three lists of one length tell. */
  protected mapsOf(
    strides: readonly number[],
    heights: readonly number[],
    widths: readonly number[],
    name: string,
  ): readonly AnchorMap[] {
    if (strides.length !== heights.length || strides.length !== widths.length) {
      this.fail(
        `${strides.length} ${name}, ${heights.length} field_h and ${widths.length} field_w. Expected as many of each.`,
      );
    }
    return strides.map((stride, i) => {
      if (stride < 1) this.fail(`${name} is ${stride}. Expected 1 or more.`);
      return { stride, height: heights[i] ?? 0, width: widths[i] ?? 0 };
    });
  }
}

/** Two fields that mean something together; undefined where neither is there. */
export function pairOf(
  a: number | undefined,
  b: number | undefined,
): readonly [number, number] | undefined {
  return a !== undefined && b !== undefined && a > 0 && b > 0 ? [a, b] : undefined;
}

function sizeOf(input: Size | Sides | undefined): Size | undefined {
  return input && "short" in input ? [input.long, input.short] : input;
}

function lastSize({ sizes }: ObjectFile): Size {
  const [height = 1, width = 1] = sizes.subarray(-2);
  return [height, width];
}

function mapShape({ stride }: Pick<AnchorMap, "stride">, [height, width]: Size): readonly number[] {
  return [ANCHOR_LABELS, mapLength(height, stride), mapLength(width, stride)];
}

/** The shapes that parameters tell of the tops of such a layer. */
export function objectsShape(
  topIndex: number,
  batch: number = 1,
  input: Size | Sides | undefined,
  strides: readonly number[],
  columns: number,
): Shape | undefined {
  if (topIndex > strides.length) return [1, columns, 1, 1];
  const size = sizeOf(input);
  if (!size) return undefined;
  if (topIndex === 0) return [batch, 3, ...size];
  return [batch, ...mapShape({ stride: strides[topIndex - 1] ?? 1 }, size)];
}
