import { version } from "../../util/version.ts";
import type { ModelFacts, NamedShape } from "../models/model-plan.ts";

/** What `GET /v2` says. */
export function serverMetadata(): object {
  return { name: "caffe-ts", version, extensions: ["binary_tensor_data", "classification"] };
}

/** What `GET /v2/models/NAME` says; an axis of −1 may have any length up to `max_batch_size`. */
export function modelMetadata(name: string, modelVersion: string, facts: ModelFacts): object {
  const { maxBatch, task, inputs, outputs } = facts;
  const told = ({ name: blob, shape }: NamedShape): object => ({
    name: blob,
    datatype: "FP32",
    shape: maxBatch > 0 ? [-1, ...shape.slice(1)] : shape,
  });
  return {
    name,
    versions: [modelVersion],
    platform: "caffe",
    inputs: inputs.map(told),
    outputs: outputs.map(told),
    parameters: { max_batch_size: maxBatch, ...(task && { task }) },
  };
}
