import { type GridPlan, gridNumbers, peekGrid } from "../../io/loaders/grid-loader.ts";
import { DatabaseDataLayer } from "../base/database-data.ts";
import type { Arity, None, OneOrMore, ParamField, TopShapeOf } from "../base/layer.ts";
import { imagesShape } from "../base/transform-param.ts";

/** Cells along a side where nothing is said. */
const SIDES: readonly number[] = [7];

/**
 * Batches of images, and of which object lies in which cell of a grid, as YOLO's first version is trained.
 *
 * - top[0]: N×C×H×W, the transformed images; top[1] and others, one for each `side`: N×7·side², of each image side² numbers of
 *   which objects are difficult, side² of which cells have one, side² of its class, from 0, −1 for none, and for each cell
 *   [x y width height], the object's middle and size in shares of the image
 * - `data_param`: as Data, and side 7, one or more, as many as tops of labels
 * - `transform_param`: as Data, without what turns or scales images
 *
 * Records are Datums of image files whose float_data holds [class difficult x y width height] of each box; or AnnotatedDatums,
 * as `caffe create_annoset` writes them, whose label 1 is class 0. In TRAIN a part of an image is drawn, up to 29 % smaller,
 * that has the middle of an object in it, and is resized to the image's size. Of objects in one cell the last counts.
 *
 * @see yeahkun/caffe-yolo's and Intel Caffe's BoxDataLayer; Redmon et al., 2016
 */
export class BoxDataLayer extends DatabaseDataLayer {
  static override readonly type: string = "BoxData";
  static override readonly paramFields: readonly ParamField[] = ["data_param", "transform_param"];
  static override readonly tops: Arity = { min: 1, max: Number.POSITIVE_INFINITY };
  static override readonly topShape: TopShapeOf = ({ data_param, transform_param }, topIndex) => {
    const { batch_size = 1, side = [] } = data_param ?? {};
    if (topIndex === 0) return imagesShape(0, batch_size, transform_param);
    const sides = side.length > 0 ? side : SIDES;
    return [batch_size, gridNumbers(sides[topIndex - 1] ?? 0)];
  };

  override setUp(_bottom: None, top: OneOrMore): void {
    const { side = [] } = this.param.data_param ?? {};
    const given = side.length > 0 ? side : SIDES;
    const sides = top.length > 1 ? given : [];
    if (top.length > 1 && given.length !== top.length - 1) {
      this.fail(
        `data_param.side is given ${given.length} times for ${top.length - 1} tops of labels. Expected once for each.`,
      );
    }
    if (sides.some((cells) => cells < 1)) {
      this.fail(`data_param.side is ${sides.join(", ")}. Expected 1 or more.`);
    }
    const plan: GridPlan = { ...this.databasePlan(), kind: "grid", sides };
    if (plan.transform.augmentation) {
      this.fail(
        "transform_param has min_scale, max_rotation or another change of ours, which boxes do not follow. Expected none of them.",
      );
    }
    const peek = this.named(() => peekGrid(plan));
    const [data, ...labels] = top;
    data.reshape([plan.batchSize, ...peek.shape]);
    labels.forEach((label, i) => {
      label.reshape([plan.batchSize, gridNumbers(sides[i] ?? 0)]);
    });
    this.logOpened(plan, peek, top);
    this.prefetches(plan, top, {
      source: plan.source,
      isDecoded: peek.isEncoded,
      depth: this.param.data_param?.prefetch,
    });
  }
}
