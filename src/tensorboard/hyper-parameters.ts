import type { SolverParameter } from "../io/proto/caffe.ts";
import { encodeMessage, type TensorBoardMessage } from "./message.ts";

type PluginData = TensorBoardMessage<"HParamsPluginData">;

/** Fields that say nothing of how a net learns. */
const NOT_TOLD: ReadonlySet<string> = new Set([
  ...["display", "snapshot", "snapshot_prefix", "net", "train_net", "test_interval"],
  ...["test_initialization", "device_id", "debug_info", "snapshot_after_train"],
]);

/** The solver's single values, as far as they say how a net learns, and the size of its batch. */
export function hyperParameters(
  param: SolverParameter,
  imagesPerIteration: number,
): ReadonlyMap<string, string | number | boolean> {
  const fields = Object.entries(param).filter(([name]) => !NOT_TOLD.has(name));
  return new Map([
    ...fields.filter((field): field is [string, string | number | boolean] =>
      ["string", "number", "boolean"].includes(typeof field[1]),
    ),
    ["batch", imagesPerIteration],
  ]);
}

/** What TensorBoard's page of hyper-parameters reads at the beginning of a run. */
export function hyperParameterValues(
  values: ReadonlyMap<string, string | number | boolean>,
  metrics: readonly string[],
  seconds: number,
): TensorBoardMessage<"SummaryValue">[] {
  const types = { string: 1, boolean: 2, number: 3 };
  const experiment = {
    time_created_secs: seconds,
    hparam_infos: Array.from(values, ([name, value]) => ({
      name,
      type: types[typeof value as keyof typeof types],
    })),
    metric_infos: metrics.map((tag) => ({ name: { tag } })),
  };
  const hparams = Array.from(values, ([key, value]) => ({ key, value: protoValue(value) }));
  return [
    valueWith("_hparams_/experiment", { experiment }),
    valueWith("_hparams_/session_start_info", {
      session_start_info: { hparams, start_time_secs: seconds },
    }),
  ];
}

/** The same at the end. */
export function endOfSession(isDone: boolean, seconds: number): TensorBoardMessage<"SummaryValue"> {
  return valueWith("_hparams_/session_end_info", {
    session_end_info: { status: isDone ? 1 : 2, end_time_secs: seconds },
  });
}

function protoValue(value: string | number | boolean): TensorBoardMessage<"Value"> {
  if (typeof value === "string") return { string_value: value };
  return typeof value === "number" ? { number_value: value } : { bool_value: value };
}

/** A value whose meaning stands in its metadata; readers expect some tensor beside it. */
function valueWith(tag: string, data: PluginData): TensorBoardMessage<"SummaryValue"> {
  const content = encodeMessage("HParamsPluginData", { version: 0, ...data });
  return {
    tag,
    metadata: { plugin_data: { plugin_name: "hparams", content } },
    tensor: { dtype: 1, tensor_shape: { dim: [{ size: 1 }] }, float_val: [0] },
  };
}
