/** Files of ONNX, looked at by the commands that look at nets. */
import { drawToFile } from "../draw/draw.ts";
import type { DrawOptions } from "../draw/draw-options.ts";
import type { LayerRole } from "../layers/base/layer.ts";
import { operatorRole } from "../onnx/overview/operator-roles.ts";
import { type Overview, type OverviewValue, readOverview } from "../onnx/overview/overview.ts";
import { drawnOf } from "../onnx/overview/overview-drawn.ts";
import { CaffeError } from "../util/errors.ts";
import { cut, printable } from "../util/printable.ts";
import type { Shape } from "../util/shape.ts";
import { countText, ruledTable } from "./ruled-table.ts";
import { shapesOf } from "./shape-flag.ts";

/** Flags that say which of a net's layers are looked at; a file of ONNX has one net. */
interface StateFlags {
  readonly model: string;
  readonly phase: string;
  readonly level: number;
  readonly stage: string | undefined;
  readonly shape: readonly string[];
  readonly "run-layers": boolean;
}

/** Whether a file is one of ONNX, by its name. */
export function isOnnxName(path: string): boolean {
  return path.toLowerCase().endsWith(".onnx");
}

/** Flags that would have no effect are errors. */
function checkState({ phase, level, stage, "run-layers": runs }: StateFlags): void {
  const given = [
    phase !== "TEST" && "phase",
    level !== 0 && "level",
    stage !== undefined && "stage",
    runs && "run-layers",
  ].filter((flag) => flag !== false);
  if (given.length === 0) return;
  throw new CaffeError(
    `--${given.join(", --")} for a file of ONNX, which has one net and no phases. Expected a prototxt, or no such flag.`,
  );
}

/** Prints what a file of ONNX is made of. */
export function summarizeOnnx(flags: StateFlags & { readonly json: boolean }): void {
  checkState(flags);
  const overview = readOverview(flags.model, shapesOf(flags.shape));
  const text = flags.json
    ? JSON.stringify(overview, undefined, 2)
    : [...headOf(overview), tableOf(overview, process.stdout.isTTY === true)].join("\n");
  process.stdout.write(`${text}\n`);
}

/** Draws a file of ONNX. */
export async function drawOnnx(
  flags: StateFlags & {
    readonly output: string;
    readonly shapes: boolean;
    readonly display_lrm: boolean;
  },
  options: DrawOptions,
): Promise<void> {
  checkState(flags);
  if (flags.display_lrm) {
    throw new CaffeError(
      "--display_lrm for a file of ONNX, in which nothing learns. Expected a prototxt.",
    );
  }
  const overview = readOverview(flags.model, shapesOf(flags.shape));
  const wantsShapes = flags.shapes || flags.shape.length > 0;
  const shapes = new Map<string, Shape>(
    [
      ...Object.entries(overview.assumed),
      ...overview.nodes.flatMap(({ outputs }) =>
        outputs.map(({ name, shape }) => [name, shape] as const),
      ),
    ].filter((entry): entry is [string, Shape] => entry[1] !== undefined),
  );
  await drawToFile(drawnOf(overview), flags.output, { ...options, ...(wantsShapes && { shapes }) });
}

/** What stands above the table: who wrote the file, what goes in and comes out, and what else it says. */
function headOf({
  irVersion,
  producer,
  opsets,
  metadata,
  inputs,
  outputs,
  assumed,
}: Overview): string[] {
  const sets = Object.entries(opsets).map(
    ([domain, version]) => `${domain === "" ? "operators" : printable(domain)} ${version}`,
  );
  const value = ({ name, type, axes }: OverviewValue): string =>
    `${printable(name)}: ${type}${axes ? ` ${axesText(axes)}` : ""}`;
  const taken = inputs.filter(({ axes }) => axes?.some((axis) => typeof axis !== "number"));
  const shown = taken.flatMap(({ name }) => {
    const shape = assumed[name];
    return shape ? [`${printable(name)}=${shape.join(",")}`] : [];
  });
  return [
    `ONNX of version ${irVersion} (${sets.join(", ")})${producer === "" ? "" : `, by ${printable(producer)}`}`,
    ...inputs.map((input) => `Input ${value(input)}`),
    ...outputs.map((output) => `Output ${value(output)}`),
    ...Object.entries(metadata).map(([key, text]) => `${printable(key)}: ${cut(printable(text))}`),
    ...(shown.length > 0 ? [`Shapes are those for --shape ${shown.join(" ")}`] : []),
    "",
  ];
}

function axesText(axes: readonly (number | string)[]): string {
  return axes.map((axis) => printable(String(axis))).join("×") || "scalar";
}

function tableOf({ name, nodes }: Overview, isColoured: boolean): string {
  const sum = (pick: (node: Overview["nodes"][number]) => number): number =>
    nodes.reduce((total, node) => total + pick(node), 0);
  return ruledTable(
    {
      title: name === "" ? "(a graph without a name)" : cut(printable(name)),
      head: ["node", "operator", "output", "parameters", "MACs"],
      rows: nodes.map((node) => [
        cut(printable(node.name)),
        printable([node.type, ...node.details].join(", ")),
        node.outputs.map(({ shape }) => (shape ? axesText(shape) : "?")).join(", "),
        countText(node.parameters),
        countText(node.macs),
      ]),
      sums: [
        `${nodes.length} nodes`,
        "",
        "",
        sum(({ parameters }) => parameters).toLocaleString("en"),
        countText(sum(({ macs }) => macs)),
      ],
      texts: 3,
      styleOf: (i) => STYLES[operatorRole(nodes[i]?.type ?? "")] ?? "reset",
    },
    isColoured,
  );
}

const STYLES: Partial<Record<LayerRole, "green" | "yellow">> = {
  learned: "green",
  constant: "yellow",
  result: "yellow",
};
