import type {
  LayerParameter,
  NetParameter,
  NetStateRule,
  TransformationParameter,
} from "../io/proto/caffe.ts";
import { isData, isInput } from "./layer-kinds.ts";

/** A database that a net reads, and how many of its pictures at once. */
export interface DataPart {
  readonly source: string;
  readonly batch: number;
}

/** What is done to the values of a picture. */
export interface Preparation {
  /** The mean of each channel, which is subtracted. */
  readonly means: readonly number[];
  /** What values are multiplied with then. */
  readonly scale: number | undefined;
}

/** How a net gets its pictures. */
interface DataWishes extends Preparation {
  readonly train: DataPart;
  readonly val: DataPart;
  /** What `--stage=test` tests with. */
  readonly test?: DataPart;
  /** Height and width of what is cut from a picture: anywhere to train, from the middle to test. */
  readonly size: number;
  /** Half of the pictures are turned round, left to right, in training. */
  readonly mirror: boolean;
}

/** The net with data layers that read these databases in place of its own. */
export function withData(net: NetParameter, wishes: DataWishes): NetParameter {
  const { train, val, test } = wishes;
  const layers = net.layer ?? [];
  const { name = "data", type = "", top = [] } = layers.find(isData) ?? {};
  const of = (part: DataPart, include: NetStateRule): LayerParameter => ({
    ...{ name, type, top },
    include: [include],
    transform_param: {
      ...(wishes.mirror && include.phase === "TRAIN" && { mirror: true }),
      crop_size: wishes.size,
      ...fieldsOf(wishes),
    },
    data_param: { source: part.source, batch_size: part.batch, backend: "LMDB" },
  });
  const data = [
    of(train, { phase: "TRAIN" }),
    of(val, { phase: "TEST", ...(test && { not_stage: ["test"] }) }),
    ...(test ? [of(test, { phase: "TEST", stage: ["test"] })] : []),
  ];
  return { ...net, layer: [...data, ...layers.filter((one) => !isData(one))] };
}

/** A net for use whose input says how its pictures are prepared. */
export function withPreparation(net: NetParameter, preparation: Preparation): NetParameter {
  const layer = (net.layer ?? []).map((one) =>
    isInput(one) ? { ...one, transform_param: fieldsOf(preparation) } : one,
  );
  return { ...net, layer };
}

function fieldsOf({ means, scale }: Preparation): TransformationParameter {
  return { mean_value: means, ...(scale !== undefined && { scale }) };
}
