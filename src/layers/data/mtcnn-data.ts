import { type MtcnnPlan, peekMtcnn } from "../../io/loaders/mtcnn-loader.ts";
import { DatabaseDataLayer } from "../base/database-data.ts";
import type { None, OneOrMore, ParamField, TopShapeOf } from "../base/layer.ts";
import { imagesShape } from "../base/transform-param.ts";

/**
 * Batches of MTCNN's records from a database: images of parts of pictures, whether a face is in each, and where.
 *
 * - top[0]: N×C×H×W, the transformed images; top[1]: N×1, labels; top[2]: N×4, the offsets of a box
 * - top[3], if there is one: N×P, the coordinates of points
 * - `data_param`: source (a folder), batch_size, prefetch 4
 * - `transform_param`: scale 1, mean_file or mean_value, and what else leaves pixels in their places; workers (threads)
 *
 * Records come in key order, round and round. `mirror` and `crop_size` are refused: boxes and points would not follow.
 *
 * @see Zhang et al., 2016; the MTCNNDataLayer of MTCNN's training forks
 */
export class MTCNNDataLayer extends DatabaseDataLayer {
  static override readonly type: string = "MTCNNData";
  static override readonly paramFields: readonly ParamField[] = ["data_param", "transform_param"];
  static override readonly tops = { min: 3, max: 4 };
  static override readonly topShape: TopShapeOf = ({ data_param, transform_param }, topIndex) => {
    const { batch_size = 1 } = data_param ?? {};
    if (topIndex === 0) return imagesShape(0, batch_size, transform_param);
    if (topIndex === 3) return undefined;
    return [batch_size, topIndex === 1 ? 1 : 4];
  };

  override setUp(_bottom: None, top: OneOrMore): void {
    const { mirror = false, crop_size = 0 } = this.param.transform_param ?? {};
    if (mirror || crop_size > 0) {
      this.fail(
        `transform_param has mirror ${mirror} and crop_size ${crop_size}. Expected neither: boxes and points would not follow.`,
      );
    }
    const plan: Omit<MtcnnPlan, "points"> = { ...this.databasePlan(), kind: "mtcnn" };
    const peek = this.named(() => peekMtcnn(plan));
    const [data, label, box, points] = top;
    if (points && peek.points === 0) {
      this.fail(
        "the first record has no points, and there are 4 tops. Expected 3, or records with points.",
      );
    }
    data.reshape([plan.batchSize, ...peek.shape]);
    label?.reshape([plan.batchSize, 1]);
    box?.reshape([plan.batchSize, 4]);
    points?.reshape([plan.batchSize, peek.points]);
    this.logOpened(plan, peek, top);
    this.prefetches({ ...plan, points: points ? peek.points : 0 }, top, {
      source: plan.source,
      isDecoded: peek.isEncoded,
      depth: this.param.data_param?.prefetch,
    });
  }
}
