import type { LayerParameter } from "../../io/proto/caffe.ts";
import { withDefaults } from "../../io/proto/messages.ts";

/** What MultiBoxLoss is told, with the defaults of what is not. */
export const multiBoxParamOf = ({ multibox_loss_param }: LayerParameter) =>
  withDefaults("MultiBoxLossParameter", multibox_loss_param);

/** Calls `fail` where parts of it do not go together. */
export function checkMultiBoxParam(layer: LayerParameter, fail: (message: string) => never): void {
  const given = layer.multibox_loss_param ?? {};
  const { num_classes: classes = 0 } = given;
  const param = multiBoxParamOf(layer);
  const { mining_type, conf_loss_type, background_label_id, sample_size } = param;
  if (classes < 1) {
    fail(
      `multibox_loss_param.num_classes is ${given.num_classes ?? "missing"}. Expected 1 or more.`,
    );
  }
  const mines = mining_type !== "NONE";
  if (given.do_neg_mining !== undefined && given.do_neg_mining !== mines) {
    fail(
      `do_neg_mining is ${given.do_neg_mining} with mining_type: ${mining_type}. Expected mining_type alone.`,
    );
  }
  if (mines && !param.share_location) {
    fail(
      `mining_type is ${mining_type} with share_location: false. Expected mining_type: NONE, or shared locations.`,
    );
  }
  if (conf_loss_type === "SOFTMAX" && background_label_id >= classes) {
    fail(
      `background_label_id is ${background_label_id}. Expected 0 to ${classes - 1} for conf_loss_type: SOFTMAX.`,
    );
  }
  if (param.map_object_to_agnostic && classes !== 2) {
    fail(
      `num_classes is ${classes} with map_object_to_agnostic: true. Expected 2: background and object.`,
    );
  }
  if (mining_type === "HARD_EXAMPLE" && !(sample_size > 0)) {
    fail(`sample_size is ${sample_size}. Expected more than 0.`);
  }
}
