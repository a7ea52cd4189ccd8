import { type DatabasePlan, peekDatabase } from "../../io/loaders/database-loader.ts";
import { DatabaseDataLayer } from "../base/database-data.ts";
import type { None, OneOrMore, ParamField } from "../base/layer.ts";

/**
 * Batches of records from a database: read ahead in threads of their own, or at once where that costs next to nothing.
 *
 * - top[0]: N×C×H×W, the transformed images; top[1], optional: N labels
 * - `data_param`: source (a folder), batch_size, prefetch 4 (batches read ahead), force_encoded_color false;
 *   `backend` is seen from the files, and rand_skip does nothing, as in Caffe
 * - `transform_param`: scale 1, mirror false, crop_size 0, mean_file or mean_value; force_color or force_gray of
 *   encoded images; crop_h and crop_w, distort_param, expand_param, resize_param and noise_param as SSD, fix_crop,
 *   more_fix_crop, multi_scale, scale_ratios, max_distort and is_flow as temporal segment networks, random sizes as NVIDIA
 *   and Intel; workers (threads; by default none where records are cheap to read, one where they are not, and several where
 *   images are decoded)
 *
 * Records come in key order, round and round; where several solvers train side by side each takes its share.
 * Encoded images are decoded to blue, green, red, or to grey where they are stored so.
 *
 * @see Caffe's DataLayer
 */
export class DataLayer extends DatabaseDataLayer {
  static override readonly type: string = "Data";
  static override readonly paramFields: readonly ParamField[] = ["data_param", "transform_param"];

  override setUp(_bottom: None, top: OneOrMore): void {
    const plan: DatabasePlan = {
      ...this.databasePlan(),
      kind: "database",
      hasLabels: top.length > 1,
    };
    const peek = this.named(() => peekDatabase(plan));
    const [data, label] = top;
    data.reshape([plan.batchSize, ...peek.shape]);
    label?.reshape([plan.batchSize]);
    this.logOpened(plan, peek, top);
    this.prefetches(plan, top, {
      source: plan.source,
      isDecoded: peek.isEncoded,
      depth: this.param.data_param?.prefetch,
      images: plan.transform,
    });
  }
}
