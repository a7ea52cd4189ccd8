import type { TransformationParameter } from "../../io/proto/caffe.ts";
import type { Net } from "../../net/net.ts";

/** Records of a batch that are shown at most, and elements of them. */
const [MOST_RECORDS, MOST_ELEMENTS] = [32, 2 ** 22];
/** Labels of a record that are shown at most. */
const MOST_LABELS = 8;
/** Objects of a batch that are looked at. */
const MOST_OBJECTS = 1024;
/** Numbers of an object in SSD's labels: record, class, instance, box (4), whether it is difficult. */
const OBJECT = 8;

/** The first records of a batch, as a data layer has given it. */
export interface BatchCopy {
  /** The data layer's key. */
  readonly layer: string;
  readonly shape: readonly number[];
  readonly records: number;
  readonly values: Float32Array;
  /** So many labels of each record, one record after the other. */
  readonly labels: Float32Array;
  readonly labelsOfRecord: number;
  /** Of SSD's labels: its objects, eight numbers each. */
  readonly objects: Float32Array | undefined;
  readonly transform: TransformationParameter | undefined;
}

/** Copies what a data layer has just given; undefined where its data has no records. */
export function batchNow(net: Net, layer: number): BatchCopy | undefined {
  const [data, label] = net.topBlobs[layer] ?? [];
  const [all = 0] = data?.shape ?? [];
  if (!data || all === 0 || !data.dataMem.isOnHost) return undefined;
  const length = data.count(1);
  const records = Math.max(
    1,
    Math.min(all, MOST_RECORDS, Math.floor(MOST_ELEMENTS / Math.max(1, length))),
  );
  const { param } = net.layers[layer] ?? {};
  const isOfObjects = param?.type === "AnnotatedData";
  const isOfRecords = label && !isOfObjects && label.shape[0] === all && label.dataMem.isOnHost;
  const labelsOfRecord = isOfRecords ? Math.min(MOST_LABELS, label.count(1)) : 0;
  const labels = new Float32Array(records * labelsOfRecord);
  if (isOfRecords) {
    const [values, stride] = [label.values(), label.count(1)];
    for (let r = 0; r < records; r++) {
      labels.set(values.subarray(r * stride, r * stride + labelsOfRecord), r * labelsOfRecord);
    }
  }
  return {
    ...{ layer: net.layerKeys[layer] ?? "", shape: data.shape, records, labels, labelsOfRecord },
    values: Float32Array.from(data.values().subarray(0, records * length)),
    objects:
      label && isOfObjects
        ? Float32Array.from(label.values().subarray(0, MOST_OBJECTS * OBJECT))
        : undefined,
    transform: param?.transform_param,
  };
}
