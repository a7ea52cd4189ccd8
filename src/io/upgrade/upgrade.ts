import { FormatError } from "../../util/errors.ts";
import type { Log } from "../../util/log.ts";
import type {
  BlobShape,
  LayerParameter,
  NetParameter,
  SolverParameter,
  TransformationParameter,
  V1LayerParameter,
} from "../proto/caffe.ts";
import { UNKNOWN } from "../proto/foreign-message.ts";
import { keepSource } from "../proto/source.ts";
import { needsForkUpgrade, upgradeForkForms } from "./fork-forms.ts";
import { needsV0Upgrade, upgradeV0 } from "./v0.ts";
import { needsV1Upgrade, upgradeV1 } from "./v1.ts";

/** One upgrade: when it applies, what it does, and what the log calls the old form. */
interface Upgrade {
  readonly applies: (net: NetParameter) => boolean;
  readonly apply: (net: NetParameter, log: Log) => NetParameter;
  readonly before: (file: string) => string;
  readonly after: string;
}

const deprecated = (what: string) => (file: string) =>
  `Attempting to upgrade input file specified using deprecated ${what}: ${file}`;
const upgraded = (what: string): string =>
  `Successfully upgraded file specified using deprecated ${what}`;

/** In Caffe's order; behind them what forks write. */
const upgrades: readonly Upgrade[] = [
  {
    applies: needsV0Upgrade,
    apply: upgradeV0,
    before: deprecated("V0LayerParameter"),
    after: upgraded("V0LayerParameter"),
  },
  {
    applies: needsDataUpgrade,
    apply: upgradeDataTransformation,
    before: deprecated("transformation parameters"),
    after: upgraded("data transformation parameters."),
  },
  {
    applies: needsV1Upgrade,
    apply: upgradeV1,
    before: deprecated("V1LayerParameter"),
    after: upgraded("V1LayerParameter"),
  },
  {
    applies: (net) =>
      [net.input, net.input_dim, net.input_shape].some((list) => (list?.length ?? 0) > 0),
    apply: upgradeInput,
    before: deprecated("input fields"),
    after: upgraded("input fields."),
  },
  {
    applies: (net) => (net.layer ?? []).some(hasLearnedStatistics),
    apply: upgradeBatchNorm,
    before: (file) => `Attempting to upgrade batch norm layers using deprecated params: ${file}`,
    after: "Successfully upgraded batch norm layers using deprecated params.",
  },
  {
    applies: needsForkUpgrade,
    apply: upgradeForkForms,
    before: (file) =>
      `Attempting to upgrade input file specified using fields of other Caffes: ${file}`,
    after: "Successfully upgraded file specified using fields of other Caffes",
  },
];

/**
 * Brings a net of any age to the present form.
 * @throws FormatError where it mixes forms
 * @see Caffe's UpgradeNetAsNeeded
 */
export function upgradeNet(net: NetParameter, file: string, log: Log): NetParameter {
  for (const layer of net.layers ?? []) {
    if (!(UNKNOWN in layer) && !(UNKNOWN in (layer.layer ?? {}))) continue;
    const name = layer.name ?? layer.layer?.name ?? "";
    log(
      "warning",
      "upgrade_proto",
      `${file}: layer "${name}" is of the old form and has fields that BVLC Caffe does not know. They are left out: the new form has other numbers.`,
    );
  }
  let current = net;
  for (const { applies, apply, before, after } of upgrades) {
    if (!applies(current)) continue;
    log("info", "upgrade_proto", before(file));
    current = apply(current, log);
    log("info", "upgrade_proto", after);
  }
  return keepSource(net, current);
}

const dataMessages = ["data_param", "image_data_param", "window_data_param"] as const;
const transformFields = ["scale", "mean_file", "crop_size", "mirror"] as const;
const dataTypes: Readonly<Record<string, (typeof dataMessages)[number]>> = {
  DATA: "data_param",
  IMAGE_DATA: "image_data_param",
  VIDEO_DATA: "image_data_param",
  WINDOW_DATA: "window_data_param",
};

function needsDataUpgrade(net: NetParameter): boolean {
  return (net.layers ?? []).some((layer) => {
    const message = layer[dataTypes[layer.type ?? ""] ?? "data_param"];
    return (
      dataTypes[layer.type ?? ""] !== undefined &&
      transformFields.some((field) => message?.[field] !== undefined)
    );
  });
}

/** scale, mean_file, crop_size and mirror move from the data message to transform_param (V1 layers only). */
function upgradeDataTransformation(net: NetParameter): NetParameter {
  return { ...net, layers: (net.layers ?? []).map(moveTransforms) };
}

function moveTransforms(layer: V1LayerParameter): V1LayerParameter {
  const name = dataTypes[layer.type ?? ""];
  const message = name && layer[name];
  if (!message) return layer;
  const kept: Record<string, unknown> = { ...message };
  const moved: Record<string, unknown> = {};
  for (const field of transformFields) {
    if (message[field] === undefined) continue;
    moved[field] = message[field];
    delete kept[field];
  }
  if (Object.keys(moved).length === 0) return layer;
  const transform: TransformationParameter = { ...layer.transform_param, ...moved };
  return { ...layer, [name]: kept, transform_param: transform };
}

/** `input` with `input_dim` or `input_shape` becomes an Input layer in front; inputs without shapes are dropped. */
function upgradeInput(net: NetParameter): NetParameter {
  const { input = [], input_dim = [], input_shape = [], layer = [], ...rest } = net;
  if (input_shape.length === 0 && input_dim.length === 0) return { ...rest, layer };
  const shape: BlobShape[] = input.map((_, i) =>
    input_shape.length > 0
      ? (input_shape[i] ?? {})
      : { dim: input_dim.slice(4 * i, 4 * i + 4).map(Number) },
  );
  if (
    input_shape.length > 0
      ? input_shape.length !== input.length && input_shape.length !== 1
      : input_dim.length !== 4 * input.length
  ) {
    throw new FormatError(
      `net "${net.name ?? ""}" has ${input.length} inputs, ${input_shape.length} input_shape and ${input_dim.length} input_dim. Expected one shape, or four dims, for each input.`,
    );
  }
  const first = input_shape.length === 1 ? input_shape[0] : undefined;
  const inputLayer: LayerParameter = {
    name: "input",
    type: "Input",
    top: input,
    input_param: { shape: first ? input.map(() => first) : shape },
  };
  return { ...rest, layer: input.length > 0 ? [inputLayer, ...layer] : layer };
}

/** Old nets gave the three statistics of BatchNorm a `param { }` each. */
function hasLearnedStatistics(layer: LayerParameter): boolean {
  return layer.type === "BatchNorm" && layer.param?.length === 3;
}

function upgradeBatchNorm(net: NetParameter): NetParameter {
  return {
    ...net,
    layer: (net.layer ?? []).map((layer) =>
      hasLearnedStatistics(layer)
        ? {
            ...layer,
            param: (layer.param ?? []).map((spec) => ({ ...spec, lr_mult: 0, decay_mult: 0 })),
          }
        : layer,
    ),
  };
}

const solverTypes: Readonly<Record<string, string>> = {
  SGD: "SGD",
  NESTEROV: "Nesterov",
  ADAGRAD: "AdaGrad",
  RMSPROP: "RMSProp",
  ADADELTA: "AdaDelta",
  ADAM: "Adam",
};

/**
 * Brings a solver to the present form: `solver_type` becomes `type`.
 * @throws FormatError where both are given
 * @see Caffe's UpgradeSolverAsNeeded
 */
export function upgradeSolver(solver: SolverParameter, file: string, log: Log): SolverParameter {
  const { solver_type, ...rest } = solver;
  if (solver_type === undefined) return solver;
  if (solver.type !== undefined) {
    throw new FormatError(
      `${file}: both "type" and the old "solver_type" are given. Expected one; keep "type".`,
    );
  }
  log("info", "upgrade_proto", deprecated("'solver_type' field (enum)")(file));
  log(
    "info",
    "upgrade_proto",
    upgraded("'solver_type' field (enum) to the new 'type' field (string)."),
  );
  return keepSource(solver, { ...rest, type: solverTypes[solver_type] ?? solver_type });
}
