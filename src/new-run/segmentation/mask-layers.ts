import type { LayerParameter, NetParameter } from "../../io/proto/caffe.ts";
import type { DataPart } from "../data-layers.ts";
import { readsPictures } from "../layer-kinds.ts";

/** How a segmenter gets its pictures. */
interface DataWishes {
  readonly train: DataPart;
  readonly val: DataPart;
  /** What paths of the lists begin from. */
  readonly root: string;
  /** Half of the pictures are turned round, left to right, in training. */
  readonly mirror: boolean;
}

/** The net with its data layers reading these lists; pictures come in another order each time they are seen. */
export function withMaskData(net: NetParameter, wishes: DataWishes): NetParameter {
  const layer = (net.layer ?? []).map((one): LayerParameter => {
    if (!readsPictures(one)) return one;
    const isTraining = one.include?.[0]?.phase === "TRAIN";
    const { source, batch } = isTraining ? wishes.train : wishes.val;
    return {
      ...one,
      dense_image_data_param: {
        ...one.dense_image_data_param,
        ...{ source, batch_size: batch, root_folder: wishes.root },
        ...(isTraining && { shuffle: true, ...(wishes.mirror && { mirror: true }) }),
      },
    };
  });
  return { ...net, layer };
}
