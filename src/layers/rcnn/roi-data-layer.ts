import { Blob } from "../../blob/blob.ts";
import type { LayerParameter, Phase } from "../../io/proto/caffe.ts";
import type { FloatArray } from "../../util/arrays.ts";
import { CaffeError } from "../../util/errors.ts";
import type { Random } from "../../util/random.ts";
import type { Blobs, LayerContext, LayerState } from "../base/layer.ts";
import { AnnotatedDataLayer } from "../data/annotated-data.ts";
import { ParamStr } from "./param-str.ts";

const KEYS = ["num_classes", "source", "SCALES", "MAX_SIZE", "PIXEL_MEANS", "USE_FLIPPED"];
/** The numbers of an annotated box: image, label, instance, four edges, difficult. */
const ROW = 8;

/**
 * Gives one image after the other with its objects: the `roi_data_layer.layer` RoIDataLayer of py-faster-rcnn, from a
 * database of annotated images in place of its data base in Python.
 *
 * Tops: data 1×3×H×W, less the means 102.9801, 115.9465, 122.7717, scaled so that the shorter side is 600, the longer 1000
 * at most; im_info 1×3 (height, width, scale); objects G×5 `[xmin ymin xmax ymax label]` in pixels of data, without those
 * that are difficult. In TRAIN half of the images are mirrored.
 *
 * `param_str` has num_classes and `'source'`: the folder of a database that `caffe create_annoset` wrote.
 */
export class PythonRoiDataLayer {
  param_str = "";
  phase: Phase = "TRAIN";
  readonly #context: LayerContext;
  readonly #name: string | undefined;
  readonly #data: Blob;
  readonly #labels: Blob;
  #reader!: AnnotatedDataLayer;
  #classes = 0;
  #side = 0;
  #most = 0;

  constructor(_random: Random, context: LayerContext, { name }: LayerParameter) {
    this.#context = context;
    this.#name = name;
    this.#data = new Blob([], context.dtype);
    this.#labels = new Blob([], context.dtype);
  }

  setup(_bottom: Blobs, top: Blobs): void {
    const param = new ParamStr(this.param_str, KEYS);
    if (top.length !== 3) {
      throw new CaffeError(
        `${top.length} tops: regions that were proposed before, as Fast R-CNN has them. Expected data, im_info and gt_boxes, with a region proposal net in the same file.`,
      );
    }
    const source = param.text("source");
    if (!source) {
      throw new CaffeError(
        `param_str is "${this.param_str}": py-faster-rcnn's images and objects come from a data base in Python. Expected 'source': the folder of a database of annotated images, which caffe create_annoset writes.`,
      );
    }
    this.#classes = param.number("num_classes");
    this.#side = param.list("SCALES", [600])[0]!;
    this.#most = param.number("MAX_SIZE", 1000);
    const means = param.list(
      "PIXEL_MEANS",
      [102.9801, 115.9465, 122.7717],
      Number.NEGATIVE_INFINITY,
    );
    const mirror = this.phase === "TRAIN" && param.text("USE_FLIPPED") !== "False";
    const reader: LayerParameter = {
      ...(this.#name !== undefined && { name: this.#name }),
      type: "AnnotatedData",
      data_param: { source, batch_size: 1 },
      transform_param: { mirror, mean_value: [...means], force_color: true },
    };
    this.#reader = new AnnotatedDataLayer(reader, this.#context);
    this.#reader.setUp([], [this.#data, this.#labels]);
    const [, channels = 3, height = 0, width = 0] = this.#data.shape;
    const [h, w] = this.#sizeOf(height, width);
    top[0]!.reshape([1, channels, h, w]);
    top[1]!.reshape([1, 3]);
    top[2]!.reshape([1, 5]);
  }

  /** Height, width and scale of an image for the net. */
  #sizeOf(height: number, width: number): readonly [number, number, number] {
    const [short, long] = [Math.min(height, width), Math.max(height, width)];
    const wanted = this.#side / short;
    const scale = Math.round(wanted * long) > this.#most ? this.#most / long : wanted;
    return [Math.round(height * scale), Math.round(width * scale), scale];
  }

  ready(): Promise<void> | undefined {
    return this.#reader.ready();
  }

  reshape(): void {}

  forward(_bottom: Blobs, top: Blobs): void {
    this.#reader.forward([], [this.#data, this.#labels]);
    const [, channels = 3, height = 0, width = 0] = this.#data.shape;
    const [h, w, scale] = this.#sizeOf(height, width);
    const [data, info, objects] = top as readonly [Blob, Blob, Blob];
    data.reshape([1, channels, h, w]);
    const pixels = data.dataMem.overwriteCpu();
    stretch(this.#data.dataMem.cpu(), [height, width], pixels, [h, w], channels);
    info.dataMem.overwriteCpu().set([h, w, scale]);
    const rows = this.#objects(width * scale, height * scale);
    objects.reshape([rows.length / 5, 5]);
    objects.dataMem.overwriteCpu().set(rows);
  }

  /** The objects in pixels of the scaled image, whose last row and column are within a box. */
  #objects(width: number, height: number): readonly number[] {
    const values = this.#labels.dataMem.cpu();
    const rows: number[] = [];
    for (let at = 0; at < this.#labels.count(); at += ROW) {
      const [image, label = 0, , x0 = 0, y0 = 0, x1 = 0, y1 = 0, difficult] = values.subarray(
        at,
        at + ROW,
      );
      if (image === -1 || difficult === 1) continue;
      if (!(label >= 1 && label < this.#classes)) {
        throw new CaffeError(
          `${this.#reader.recordName(0) ?? "an image"} has an object of label ${label}. Expected 1 to ${this.#classes - 1}: num_classes is ${this.#classes}.`,
        );
      }
      const [left, upper] = [x0 * width, y0 * height];
      rows.push(
        left,
        upper,
        Math.max(left, x1 * width - 1),
        Math.max(upper, y1 * height - 1),
        label,
      );
    }
    return rows;
  }

  backward(): void {}

  state(): LayerState {
    return this.#reader.state();
  }

  restore(state: LayerState): void {
    this.#reader.restore(state);
  }

  recordName(): string | undefined {
    return this.#reader.recordName(0);
  }

  close(): void {
    this.#reader?.close();
  }
}

/** Images at another size, by bilinear interpolation between pixel centres, as OpenCV's resize. */
function stretch(
  from: FloatArray,
  [height, width]: readonly [number, number],
  to: FloatArray,
  [toHeight, toWidth]: readonly [number, number],
  channels: number,
): void {
  const places = (length: number, wanted: number) =>
    Array.from({ length: wanted }, (_, i) => {
      const at = Math.min(Math.max((i + 0.5) * (length / wanted) - 0.5, 0), length - 1);
      const near = Math.floor(at);
      return { near, far: Math.min(near + 1, length - 1), share: at - near };
    });
  const [rows, columns] = [places(height, toHeight), places(width, toWidth)];
  let at = 0;
  for (let c = 0; c < channels; c++) {
    const plane = c * height * width;
    for (const row of rows) {
      const [upper, lower] = [plane + row.near * width, plane + row.far * width];
      for (const { near, far, share } of columns) {
        const above = from[upper + near]! * (1 - share) + from[upper + far]! * share;
        const below = from[lower + near]! * (1 - share) + from[lower + far]! * share;
        to[at++] = above * (1 - row.share) + below * row.share;
      }
    }
  }
}
