import { peekAnnotated } from "../../io/loaders/annotated-loader.ts";
import type { RecordCounts } from "../../io/loaders/records-in-pass.ts";
import { type RegionScale, regionSize } from "../../io/loaders/region-loader.ts";
import type { LayerParameter, Phase } from "../../io/proto/caffe.ts";
import { CaffeError } from "../../util/errors.ts";
import type { Random } from "../../util/random.ts";
import { DatabaseDataLayer } from "../base/database-data.ts";
import type { Blobs, LayerContext, LayerState, OneOrMore } from "../base/layer.ts";
import { ParamStr } from "./param-str.ts";

const KEYS = ["num_classes", "source", "SCALES", "MAX_SIZE", "PIXEL_MEANS", "USE_FLIPPED"];
/** What its threads are told besides the database. */
interface Regions extends RegionScale {
  readonly classes: number;
}

/** Reads a database of annotated images, scales them and their boxes, ahead of training. */
class RegionReader extends DatabaseDataLayer {
  readonly #regions: Regions;

  constructor(param: LayerParameter, context: LayerContext, regions: Regions) {
    super(param, context);
    this.#regions = regions;
  }

  override setUp(_bottom: readonly [], top: OneOrMore): void {
    const plan = {
      ...this.databasePlan(),
      labels: { kind: "ssd", hasDifficult: true },
      masks: undefined,
      knownLabels: undefined,
      emit: undefined,
      sampler: undefined,
      areBoxes: false,
    } as const;
    const peek = this.named(() => peekAnnotated({ ...plan, kind: "annotated" }));
    if (!peek.hasBoxes) {
      this.fail(
        `${plan.source} has a label for each image. Expected boxes: caffe create_annoset --anno_type=detection.`,
      );
    }
    const [channels, height, width] = peek.shape;
    const [h, w] = regionSize(height, width, this.#regions);
    for (const [i, shape] of [
      [1, channels, h, w],
      [1, 3],
      [1, 5],
    ].entries())
      top[i]?.reshape(shape);
    this.logOpened(plan, peek, top);
    const asked = { ...plan, ...this.#regions, kind: "regions", hasBoxes: true } as const;
    this.prefetches(asked, top, { source: plan.source, isDecoded: true });
  }
}

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
  #reader!: RegionReader;

  constructor(_random: Random, context: LayerContext, { name }: LayerParameter) {
    this.#context = context;
    this.#name = name;
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
    const regions: Regions = {
      classes: param.number("num_classes"),
      side: param.list("SCALES", [600])[0]!,
      most: param.number("MAX_SIZE", 1000),
    };
    const means = param.list(
      "PIXEL_MEANS",
      [102.9801, 115.9465, 122.7717],
      Number.NEGATIVE_INFINITY,
    );
    const mirror = this.phase === "TRAIN" && param.text("USE_FLIPPED") !== "False";
    const reader: LayerParameter = {
      ...(this.#name !== undefined && { name: this.#name }),
      type: "Python",
      data_param: { source, batch_size: 1 },
      transform_param: { mirror, mean_value: [...means], force_color: true },
    };
    this.#reader = new RegionReader(reader, this.#context, regions);
    this.#reader.setUp([], top as OneOrMore);
  }

  ready(): Promise<void> | undefined {
    return this.#reader.ready();
  }

  reshape(): void {}

  forward(_bottom: Blobs, top: Blobs): void {
    this.#reader.forward([], top as OneOrMore);
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

  recordsInPass(): RecordCounts | undefined {
    return this.#reader.recordsInPass();
  }

  close(): void {
    this.#reader?.close();
  }
}
