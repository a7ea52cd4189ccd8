import type { LayerParameter, NetParameter, SolverParameter } from "../io/proto/caffe.ts";
import { linesOf, sourceOf } from "../io/proto/source.ts";

/**
 * How much a finding matters:
 *
 * - "error": training or use cannot work, or does something else than it says
 * - "warning": it runs, and most likely worse than it could
 * - "note": it is uncommon, and may be meant
 */
export type FindingSeverity = "error" | "warning" | "note";

/** What a check has found. */
export interface Finding {
  /** The check's name. */
  readonly check: string;
  readonly severity: FindingSeverity;
  /** What is so, with the numbers that show it. */
  readonly what: string;
  /** `file:line`, as near as it is known; empty where it stands in no file. */
  readonly where: string;
  /** The layer that it is about, by its name. */
  readonly layer?: string;
  /** What to do: the edit, as it would be written. */
  readonly advice: string;
}

/** What a check says of a finding; its name and place are added. */
type Said = Pick<Finding, "severity" | "what" | "advice">;

/** A part of a layer or solver: a message in it, and a field of that. */
interface Part {
  readonly message?: object | undefined;
  readonly field?: string;
}

/** A finding about a layer of a net, at the line of the part that it is about, or else of the layer. */
export function ofLayer(
  net: NetParameter,
  layer: LayerParameter,
  said: Said,
  part: Part = {},
): Omit<Finding, "check"> {
  const source = sourceOf(net);
  const { message = layer, field = "name" } = part;
  const own = linesOf(message);
  const line = own?.fields.get(field) ?? own?.line ?? source?.layerLines.get(layer.name ?? "");
  const file = own?.file ?? source?.file;
  return { ...said, where: placeText(file, line), layer: layer.name ?? "" };
}

/** A finding about a field of a solver, at its line, or else about the solver. */
export function ofSolver(
  solver: SolverParameter,
  field: keyof SolverParameter,
  said: Said,
): Omit<Finding, "check"> {
  const own = linesOf(solver);
  return { ...said, where: placeText(own?.file, own?.fields.get(field)) };
}

function placeText(file: string | undefined, line: number | undefined): string {
  if (file === undefined) return "";
  return line === undefined ? file : `${file}:${line}`;
}
