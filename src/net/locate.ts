import type { NetParameter } from "../io/proto/caffe.ts";
import { sourceOf } from "../io/prototxt.ts";
import { LayerError, NetError } from "../util/errors.ts";

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
