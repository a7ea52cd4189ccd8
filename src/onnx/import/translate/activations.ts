import { sameShape } from "../../../util/shape.ts";
import { elementTypeName } from "../../format/message.ts";
import { readersOf } from "../graph.ts";
import { elementFormats } from "../read/elements.ts";
import type { LayerFields, Spot, Translation } from "./spot.ts";

/** The largest float: no bound. */
const LARGEST = 3.4028234663852886e38;

/** A layer of one bottom and nothing else. */
const alone =
  (type: string): Translation =>
  (at) =>
    at.layer({ type, bottom: [at.blob(0)] });

const power = (fields: LayerFields["power_param"]): Translation => {
  return (at) => at.layer({ type: "Power", bottom: [at.blob(0)], power_param: fields ?? {} });
};

const leakyRelu: Translation = (at) =>
  at.layer({
    type: "ReLU",
    bottom: [at.blob(0)],
    relu_param: { negative_slope: at.number("alpha", 0.01) },
  });

const prelu: Translation = (at) => {
  const slope = at.known(1, "the slope");
  const channels = at.shape(0)[1] as number;
  const isEach =
    slope.count === channels && (slope.dims[0] === channels || slope.dims[1] === channels);
  if (slope.count !== 1 && !isEach) {
    at.fail(`its slope is ${slope.dims.join("×")}. Expected one number, or one for each channel.`);
  }
  return at.layer(
    {
      type: "PReLU",
      bottom: [at.blob(0)],
      ...(slope.count === 1 && { prelu_param: { channel_shared: true } }),
    },
    { learned: [{ shape: slope.count === 1 ? [] : [channels], values: () => slope.values }] },
  );
};

const elu: Translation = (at) =>
  at.layer({ type: "ELU", bottom: [at.blob(0)], elu_param: { alpha: at.number("alpha", 1) } });

const selu: Translation = (at) =>
  at.layer({
    type: "SeLU",
    bottom: [at.blob(0)],
    selu_param: {
      lambda: at.number("gamma", 1.0507009873554805),
      alpha: at.number("alpha", 1.6732632423543772),
    },
  });

/** A bound of a Clip: a parameter before version 11, an input since. */
function bound(at: Spot, name: "min" | "max", index: number): number | undefined {
  if (at.has(name)) return at.number(name, 0);
  if (at.input(index) === undefined) return undefined;
  return at.known(index, name).values[0];
}

const clip: Translation = (at) => {
  const min = bound(at, "min", 1) ?? -LARGEST;
  const max = bound(at, "max", 2) ?? LARGEST;
  return clipped(at, at.blob(0), min, max);
};

/** max(min, min(x, max)): a rectifier where that is one. */
function clipped(at: Spot, bottom: string, min: number, max: number): string {
  if (min === 0 && max === 6) return at.layer({ type: "ReLU6", bottom: [bottom] });
  if (min === 0 && max >= LARGEST) return at.layer({ type: "ReLU", bottom: [bottom] });
  return at.layer({ type: "Clip", bottom: [bottom], clip_param: { min, max } });
}

/** max(0, min(1, α·x + β)) */
const hardSigmoid: Translation = (at) => {
  const line = at.layer(
    {
      type: "Power",
      bottom: [at.blob(0)],
      power_param: { scale: at.number("alpha", 0.2), shift: at.number("beta", 0.5) },
    },
    { part: "line" },
  );
  return clipped(at, line, 0, 1);
};

/** Blobs hold floats, whatever they stand for. */
const cast: Translation = (at) => {
  const to = elementTypeName(at.number("to", 1));
  const kind = elementFormats[to]?.kind;
  const made = at.node.outputs[0] ?? "";
  const readers = readersOf(at.graph).get(made) ?? [];
  // Embed cuts off what is behind the point itself.
  const isIndex =
    readers.length > 0 &&
    readers.every(({ type, inputs }) => type === "Gather" && inputs[0] !== made) &&
    !at.graph.outputs.includes(made);
  if (kind !== "float" && !(kind === "int" && isIndex))
    at.fail(`it makes elements of type ${to}. Expected floats, or rows' numbers for a Gather.`);
  return at.blob(0);
};

/** x > c, or x < c where it is turned: of a truth, 1 stands for true. */
const above =
  (isTurned: boolean): Translation =>
  (at) => {
    const index = at.constant(0) ? 0 : 1;
    const limit = at.known(index, "what it compares with");
    if (limit.count !== 1 || !sameShape(at.shape(1 - index), at.made())) {
      at.fail(`it compares with ${limit.dims.join("×")} numbers. Expected one.`);
    }
    const isBelow = isTurned !== (index === 0);
    const bottom = isBelow
      ? at.layer(
          { type: "Power", bottom: [at.blob(1 - index)], power_param: { scale: -1 } },
          { part: "turned" },
        )
      : at.blob(1 - index);
    const threshold = limit.values[0] as number;
    return at.layer({
      type: "Threshold",
      bottom: [bottom],
      threshold_param: { threshold: isBelow ? -threshold : threshold },
    });
  };

const dropout: Translation = (at) => {
  const ratio = at.has("ratio") ? at.number("ratio", 0.5) : (at.constant(1)?.values[0] ?? 0.5);
  if (at.node.outputs[1]) at.fail("its mask is asked for. Expected its first output alone.");
  return at.layer({
    type: "Dropout",
    bottom: [at.blob(0)],
    dropout_param: { dropout_ratio: ratio },
  });
};

/** Operators of single numbers. */
export const activations: Readonly<Record<string, Translation>> = {
  Abs: alone("AbsVal"),
  Cast: cast,
  Clip: clip,
  Dropout: dropout,
  Elu: elu,
  Exp: alone("Exp"),
  Greater: above(false),
  HardSigmoid: hardSigmoid,
  HardSwish: alone("HardSwish"),
  Identity: (at) => at.blob(0),
  LeakyRelu: leakyRelu,
  Less: above(true),
  Log: alone("Log"),
  Neg: power({ scale: -1 }),
  PRelu: prelu,
  Reciprocal: power({ power: -1 }),
  Relu: alone("ReLU"),
  Selu: selu,
  Sigmoid: alone("Sigmoid"),
  Softplus: alone("BNLL"),
  Sqrt: power({ power: 0.5 }),
  Swish: alone("Swish"),
  Tanh: alone("TanH"),
};
