import type { ColorMode } from "../../io/images/image.ts";
import { type DatabasePlan, peekDatabase } from "../../io/loaders/database-loader.ts";
import { withDefaults } from "../../io/proto/messages.ts";
import {
  arity,
  type None,
  type OneOrMore,
  type ParamField,
  type TopShapeOf,
} from "../base/layer.ts";
import { PrefetchingDataLayer } from "../base/prefetching-data.ts";
import { imagesShape } from "../base/transform-param.ts";

/**
 * Batches of records from a database: read ahead in threads of their own, or at once where that costs next to nothing.
 *
 * - top[0]: N×C×H×W, the transformed images; top[1], optional: N labels
 * - `data_param`: source (a folder), batch_size, prefetch 4 (batches read ahead), force_encoded_color false;
 *   `backend` is seen from the files, and rand_skip does nothing, as in Caffe
 * - `transform_param`: scale 1, mirror false, crop_size 0, mean_file or mean_value; force_color or force_gray of
 *   encoded images; workers (threads; by default none where records are cheap to read, one where they are not, and several where
 *   images are decoded)
 *
 * Records come in key order, round and round; where several solvers train side by side each takes its share.
 * Encoded images are decoded to blue, green, red, or to grey where they are stored so.
 *
 * @see Caffe's DataLayer
 */
export class DataLayer extends PrefetchingDataLayer<OneOrMore> {
  static override readonly type: string = "Data";
  static override readonly paramFields: readonly ParamField[] = ["data_param", "transform_param"];
  static override readonly tops = arity.oneOrTwo;
  static override readonly topShape: TopShapeOf = ({ data_param, transform_param }, topIndex) =>
    imagesShape(topIndex, data_param?.batch_size, transform_param);

  override setUp(_bottom: None, top: OneOrMore): void {
    const param = withDefaults("DataParameter", this.param.data_param);
    const batchSize = param.batch_size ?? 0;
    if (batchSize < 1) this.fail(`data_param.batch_size is ${batchSize}. Expected 1 or more.`);
    if (!param.source) this.fail("data_param has no source. Expected the folder of a database.");
    const plan: DatabasePlan = {
      ...this.basePlan(batchSize),
      kind: "database",
      source: this.locate(param.source),
      transform: this.named(() => this.transform()),
      color: this.#color(),
      hasLabels: top.length > 1,
    };
    const { backend, shape, isEncoded } = this.named(() => peekDatabase(plan));
    const [data, label] = top;
    data.reshape([batchSize, ...shape]);
    label?.reshape([batchSize]);
    this.context.log(`Opened ${backend} ${plan.source}`);
    if (!isEncoded && plan.color !== "unchanged") {
      this.context.log("force_color and force_gray only for encoded datum");
    }
    this.context.log(`output data size: ${data.shape.join(",")}`);
    this.prefetches(plan, top, {
      source: plan.source,
      isDecoded: isEncoded,
      depth: param.prefetch,
    });
  }

  #color(): ColorMode {
    const { force_color, force_gray } = withDefaults(
      "TransformationParameter",
      this.param.transform_param,
    );
    const { force_encoded_color } = withDefaults("DataParameter", this.param.data_param);
    if (force_color && force_gray) {
      this.fail("transform_param has force_color and force_gray. Cannot set both.");
    }
    if (force_gray) return "gray";
    return force_color || force_encoded_color ? "color" : "unchanged";
  }
}
