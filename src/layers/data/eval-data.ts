import { type EvalPlan, NO_OBJECT } from "../../io/loaders/objects-loader.ts";
import type { EvalDataParameter } from "../../io/proto/caffe.ts";
import { withDefaults } from "../../io/proto/messages.ts";
import type { Blobs, None, ParamField, TopShapeOf } from "../base/layer.ts";
import { ObjectsDataLayer, objectsShape, pairOf } from "../base/objects-data.ts";

/**
 * Images with the objects in them, as a detector is tested: Cascade R-CNN's.
 *
 * - top[0]: N×C×H×W, blue first, sides brought to multiples of 32
 * - top[1]: G×8×1×1, `[image x1 y1 x2 y2 class ignored difficult]` in pixels of the input; one row of −1 where there is none
 * - top[2], if there is one: N×2×1×1, height and width of the input
 * - `eval_data_param`: source (a window file, as of DetectionData), batch_size (1 unless all images are brought to one
 *   size), root_folder, resize_width and resize_height, or short_size and long_size (the shorter side; and what no side
 *   exceeds, whatever becomes of the image's form)
 * - `transform_param`: scale 1, mean_value, workers (threads)
 *
 * @see Cascade R-CNN's EvalDataLayer
 */
export class EvalDataLayer extends ObjectsDataLayer {
  static override readonly type: string = "EvalData";
  static override readonly paramFields: readonly ParamField[] = [
    "eval_data_param",
    "transform_param",
  ];
  static override readonly tops = { min: 2, max: 3 };
  static override readonly topShape: TopShapeOf = ({ eval_data_param: param }, topIndex) => {
    if (topIndex === 2) return [param?.batch_size ?? 1, 2, 1, 1];
    return objectsShape(topIndex, param?.batch_size, resizeOf(param ?? {}), [], NO_OBJECT.length);
  };

  override setUp(_bottom: None, top: Blobs): void {
    const param = withDefaults("EvalDataParameter", this.param.eval_data_param);
    const batchSize = this.batchOf(param.batch_size);
    if (batchSize > 1 && !pairOf(param.resize_height, param.resize_width)) {
      this.fail(
        `eval_data_param.batch_size is ${batchSize}. Expected 1, or resize_width and resize_height.`,
      );
    }
    const file = this.objectFile(param.source, true, "eval_data_param");
    const plan: EvalPlan = {
      ...this.basePlan(batchSize),
      kind: "evaluation",
      file,
      base: this.context.root ?? ".",
      rootFolder: param.root_folder,
      shuffle: false,
      skip: 0,
      resize: resizeOf(param),
      meanValues: this.meanOf(file.channels),
      scale: withDefaults("TransformationParameter", this.param.transform_param).scale,
      hasSizes: top.length > 2,
    };
    const [height = 1, width = 1] = file.sizes.subarray(-2);
    const size = pairOf(param.resize_height, param.resize_width) ?? [height, width];
    top[0]?.reshape([batchSize, file.channels, ...size]);
    top[1]?.reshape([1, NO_OBJECT.length, 1, 1]);
    top[2]?.reshape([batchSize, 2, 1, 1]);
    this.context.log(`output data size: ${top[0]?.shape.join(",")}`);
    this.prefetches(plan, top, { source: file.source, isDecoded: true });
  }
}

function resizeOf(param: EvalDataParameter): EvalPlan["resize"] {
  const fixed = pairOf(param.resize_height, param.resize_width);
  const [short, long] = pairOf(param.short_size, param.long_size) ?? [];
  if (fixed || short === undefined || long === undefined) return fixed;
  return { short, long };
}
