import type { NetParameter } from "../../io/proto/caffe.ts";
import { sourceOf } from "../../io/proto/source.ts";
import type { Layer } from "../../layers/base/layer.ts";
import { DeviceError, EngineError, LayerError, NetError } from "../../util/errors.ts";

/** An error about one sample of a batch, followed by the name of the record that the sample was read from. Any other stays as it is. */
export function withRecord(error: unknown, layers: readonly Layer[]): unknown {
  if (!(error instanceof LayerError) || error.sample === undefined) return error;
  const { sample } = error;
  const names = layers.flatMap((layer) => layer.recordName(sample) ?? []);
  error.sample = undefined;
  if (names.length > 0) error.message += ` The sample is ${names.join(" and ")}.`;
  return error;
}

/** What a layer's engine could not do is an error of the layer. Any other stays as it is. */
export function withLayer(error: unknown, { param }: Layer): unknown {
  const isUnnamed = error instanceof EngineError && !(error instanceof DeviceError);
  return isUnnamed ? new LayerError(param, error.message, { cause: error }) : error;
}

/** Runs work on a net and puts file and line before the message of an error about it, where they are known. */
export function located<T>(param: NetParameter, work: () => T): T {
  try {
    return work();
  } catch (error) {
    const source = sourceOf(param);
    if (source && error instanceof LayerError) {
      const line = source.layerLines.get(error.layerName);
      error.message = `${source.file}${line === undefined ? "" : `:${line}`}: ${error.message}`;
    } else if (source && error instanceof NetError) {
      error.message = `${source.file}: ${error.message}`;
    }
    throw error;
  }
}
