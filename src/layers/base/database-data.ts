import type { ColorMode } from "../../io/images/image.ts";
import type { ImagesPlan } from "../../io/loaders/image-batches.ts";
import type { RecordPlan } from "../../io/loaders/record-loader.ts";
import { withDefaults } from "../../io/proto/messages.ts";
import { type Arity, arity, type OneOrMore, type TopShapeOf } from "./layer.ts";
import { PrefetchingDataLayer } from "./prefetching-data.ts";
import { imagesShape } from "./transform-param.ts";

/** What plans of databases of images have in common. */
interface DatabaseImagesPlan extends RecordPlan, ImagesPlan {
  readonly color: ColorMode;
}

/** A layer that reads a database of images, which data_param and transform_param tell of. */
export abstract class DatabaseDataLayer extends PrefetchingDataLayer<OneOrMore> {
  static override readonly tops: Arity = arity.oneOrTwo;
  static override readonly topShape: TopShapeOf = ({ data_param, transform_param }, topIndex) =>
    imagesShape(topIndex, data_param?.batch_size, transform_param);

  /** Batch size, source, transform and colours. */
  protected databasePlan(): DatabaseImagesPlan {
    const param = withDefaults("DataParameter", this.param.data_param);
    const batchSize = param.batch_size ?? 0;
    if (batchSize < 1) this.fail(`data_param.batch_size is ${batchSize}. Expected 1 or more.`);
    if (!param.source) this.fail("data_param has no source. Expected the folder of a database.");
    return {
      ...this.basePlan(batchSize),
      source: this.locate(param.source),
      shuffle: this.param.data_param?.shuffle ?? false,
      transform: this.named(() => this.transform()),
      color: this.#color(),
    };
  }

  /** Caffe's lines about a database that has been opened. */
  protected logOpened(
    { source, color, shuffle }: DatabaseImagesPlan,
    { backend, isEncoded }: { readonly backend: string; readonly isEncoded: boolean },
    [data]: OneOrMore,
  ): void {
    this.context.log(`Opened ${backend} ${source}`);
    if (shuffle && backend === "leveldb") {
      this.context.warn(
        `data_param.shuffle has no effect: ${source} is a LevelDB, whose records are read in the order of their keys. Shuffle when the database is made, or make an LMDB.`,
      );
    }
    if (!isEncoded && color !== "unchanged") {
      this.context.log("force_color and force_gray only for encoded datum");
    }
    this.context.log(`output data size: ${data.shape.join(",")}`);
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
