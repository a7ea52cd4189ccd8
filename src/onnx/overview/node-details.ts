import type { Shape } from "../../util/shape.ts";
import type { OnnxMessage } from "../format/message.ts";

/** Lists of numbers that matter of windows, what stands where all are it, and how they are called. */
const WINDOW: readonly (readonly [attribute: string, usual: number, name: string])[] = [
  ["strides", 1, "stride"],
  ["pads", 0, "pad"],
  ["dilations", 1, "dilation"],
];

/** Numbers and lists that are shown as they are. */
const SHOWN: readonly string[] = ["axis", "axes", "perm", "hidden_size", "blocksize", "alpha"];

/**
 * What a person wants to know of a node's parameters, a few lines.
 * @param weights the shape of its second input
 */
export function detailsOf(
  { op_type = "", attribute = [] }: OnnxMessage<"NodeProto">,
  weights: Shape | undefined,
): string[] {
  const own = new Map(attribute.map((one) => [one.name ?? "", one]));
  const list = (name: string): readonly number[] => own.get(name)?.ints ?? [];
  const kernel = list("kernel_shape");
  const isWeighted = op_type === "Conv" || op_type === "ConvTranspose";
  const group = own.get("group")?.i ?? 1;
  const window = kernel.length > 0 ? kernel : isWeighted ? (weights?.slice(2) ?? []) : [];
  const outputs =
    op_type === "Conv"
      ? weights?.[0]
      : op_type === "ConvTranspose"
        ? (weights?.[1] ?? 0) * group
        : undefined;
  const first = [window.join("×"), outputs === undefined ? "" : `${outputs} outputs`];
  const extras = WINDOW.flatMap(([attributeName, usual, name]) => {
    const given = list(attributeName);
    if (given.every((one) => one === usual)) return [];
    const isOne = given.every((one) => one === given[0]);
    return [`${name} ${isOne ? given[0] : given.join(",")}`];
  });
  if (group !== 1) extras.push(`group ${group}`);
  for (const name of SHOWN) {
    const one = own.get(name);
    if (!one || one.ref_attr_name) continue;
    const text =
      one.ints?.join(",") ?? (one.f === undefined ? one.i : Number(one.f.toPrecision(4)));
    if (text !== undefined) extras.push(`${name} ${text}`);
  }
  return [first.filter((text) => text !== "").join(", "), extras.join(", ")].filter(
    (text) => text !== "",
  );
}
