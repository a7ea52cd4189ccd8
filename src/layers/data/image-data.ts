import { readImageList } from "../../io/lists/image-list.ts";
import { type ImagePlan, peekImage } from "../../io/loaders/image-loader.ts";
import { withDefaults } from "../../io/proto/messages.ts";
import { arity, type None, type ParamField, type TopShapeOf, type Two } from "../base/layer.ts";
import { PrefetchingDataLayer } from "../base/prefetching-data.ts";
import { imagesShape } from "../base/transform-param.ts";

/**
 * Images from files that a list names, with a label each, read ahead in threads of their own.
 *
 * - top[0]: N×C×H×W, the transformed images, blue first; top[1]: N labels
 * - `image_data_param`: source (a text file, `path label` on each line), batch_size 1, root_folder, shuffle false
 *   (anew in every pass), new_height and new_width (both or neither), is_color true, rand_skip 0,
 *   lenient false (a label that is no whole number is taken for what Caffe makes of it)
 * - `transform_param`: as Data
 *
 * A path that leads out of `root_folder` is refused. Where several solvers train side by side each takes its share.
 *
 * @see Caffe's ImageDataLayer
 */
export class ImageDataLayer extends PrefetchingDataLayer<Two> {
  static override readonly type: string = "ImageData";
  static override readonly paramFields: readonly ParamField[] = [
    "image_data_param",
    "transform_param",
  ];
  static override readonly tops = arity.two;
  static override readonly topShape: TopShapeOf = (
    { image_data_param, transform_param },
    topIndex,
  ) => {
    const { batch_size, new_height, new_width, is_color = true } = image_data_param ?? {};
    return imagesShape(topIndex, batch_size, transform_param, [new_height, new_width], is_color);
  };

  override setUp(_bottom: None, top: Two): void {
    const param = withDefaults("ImageDataParameter", this.param.image_data_param);
    const { source, batch_size, new_height, new_width, rand_skip, lenient } = param;
    if (batch_size < 1)
      this.fail(`image_data_param.batch_size is ${batch_size}. Positive batch size required.`);
    if (new_height > 0 !== new_width > 0) {
      this.fail(
        `image_data_param has new_height ${new_height} and new_width ${new_width}. Expected both to be set, or neither.`,
      );
    }
    if (!source)
      this.fail("image_data_param has no source. Expected a text file that lists images.");
    const list = this.named(() =>
      readImageList(this.locate(source), lenient ? "lenient" : "strict", this.context.warn),
    );
    this.context.log(`A total of ${list.starts.length} images.`);
    const plan: ImagePlan = {
      ...this.basePlan(batch_size),
      kind: "images",
      list,
      base: this.context.root ?? ".",
      rootFolder: param.root_folder,
      isColor: param.is_color,
      newHeight: new_height,
      newWidth: new_width,
      hasLabels: true,
      shuffle: param.shuffle,
      skip: rand_skip > 0 ? this.random("skip").below(rand_skip) : 0,
      transform: this.named(() => this.transform()),
    };
    const [data, label] = top;
    data.reshape([batch_size, ...this.named(() => peekImage(plan))]);
    label.reshape([batch_size]);
    this.context.log(`output data size: ${data.shape.join(",")}`);
    this.prefetches(plan, top, { source, isDecoded: true, images: plan.transform });
  }
}
