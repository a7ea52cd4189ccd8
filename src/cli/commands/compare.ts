import { styleText } from "node:util";
import type { CommandModule } from "yargs";
import type { Net } from "../../net/net.ts";
import { ArrayDump, readArrayDump } from "../../net/tools/array-dump.ts";
import { type Difference, differenceOf } from "../../net/tools/compare-arrays.ts";
import { type ArrayKind, type LayerArray, layerArrays } from "../../net/tools/layer-arrays.ts";
import type { FloatArray } from "../../util/arrays.ts";
import { CaffeError } from "../../util/errors.ts";
import { numberText } from "../../util/log.ts";
import type { NdArray } from "../../util/nd-array.ts";
import { printable } from "../../util/printable.ts";
import { levelFlag, listOf, real, stageFlag, whole } from "../flags.ts";
import { type NetFlags, openNet } from "../open-net.ts";
import { Console, withCommonFlags, withoutInfo } from "../session.ts";

interface CompareFlags extends NetFlags {
  readonly engines: string | undefined;
  readonly dump: string | undefined;
  readonly save: string | undefined;
  readonly phase: "TRAIN" | "TEST";
  readonly tolerance: number;
  readonly seed: number;
  readonly json: boolean;
}

/** `caffe compare`: where two engines, two weights files, or a net and a saved run begin to differ. */
export const compare: CommandModule<object, CompareFlags> = {
  command: "compare",
  describe: "compare two engines, two weights files or a saved run, layer by layer",
  builder: (yargs) =>
    withCommonFlags(yargs)
      .option("model", { type: "string", describe: "the net's prototxt" })
      .option("engines", { type: "string", describe: "two engines, as reference,native" })
      .option("weights", {
        type: "string",
        describe: "weights of both (.caffemodel, .h5); two, with a comma between, to compare them",
      })
      .option("save", {
        type: "string",
        describe:
          "write every layer's arrays to this HDF5 file, to compare with later or elsewhere",
      })
      .option("dump", { type: "string", describe: "compare with such a file" })
      .option("phase", {
        type: "string",
        choices: ["TRAIN", "TEST"],
        default: "TRAIN",
        describe: "the net's phase",
      })
      .option(
        ...real("tolerance", {
          default: 1e-3,
          least: 0,
          describe:
            "greatest difference that counts as none, relative to the array's greatest value",
        }),
      )
      .option(...whole("seed", { default: 1, describe: "of weights, inputs and dropout" }))
      .option(...levelFlag)
      .option(...stageFlag)
      .option("json", { type: "boolean", default: false, describe: "print JSON" })
      .example("caffe compare --model=net.prototxt --engines=reference,native", "two engines")
      .example(
        "caffe compare --model=net.prototxt --weights=a.caffemodel,b.caffemodel",
        "how far two snapshots lie apart",
      )
      .example(
        "caffe compare --model=net.prototxt --save=here.h5",
        "and there: caffe compare --model=net.prototxt --dump=here.h5",
      )
      .epilogue(
        "Layers run one by one, fused ones apart. Inputs hold noise by the seed, or 0 and 1 where they are labels; data layers read their data. Differences grow on the way through a net: the first layer beyond the tolerance is the one to look at. Exit code 1 says that there is one.",
      ) as never,
  handler: run,
};

/** The greatest difference of one layer's arrays of a kind, where they can be compared. */
interface Row {
  readonly layer: string;
  readonly type: string;
  readonly kind: ArrayKind;
  readonly index: number;
  readonly shape: readonly number[];
  /** Undefined where the other side has no such array, or one of another shape. */
  readonly difference: Difference | undefined;
  readonly problem?: string;
}

async function run(flags: CompareFlags): Promise<void> {
  const engines = listOf("engines", flags.engines);
  const weights = listOf("weights", flags.weights);
  const others = [flags.dump, flags.save].filter((file) => file !== undefined);
  const pairs = [engines.length, weights.length].filter((count) => count > 1).length;
  if (engines.length > 2 || weights.length > 2 || pairs + others.length !== 1) {
    throw new CaffeError(
      "What is to be compared? Expected one of --engines=A,B, --weights=A,B, --dump=FILE, or --save=FILE to compare later.",
    );
  }
  const log = withoutInfo(new Console().log);
  const open = async (side: 0 | 1): Promise<Net> => {
    const [engine, file] = [engines[side] ?? engines[0], weights[side] ?? weights[0]];
    const given = { ...flags, engine: engine ?? flags.engine, weights: file };
    const options = { seed: flags.seed, fuse: false };
    const plain = await openNet(given, flags.phase, log, { options });
    if (plain.lossWeights.flat().some((weight) => weight !== 0)) return plain;
    // A net for use has no loss to begin backward at: its outputs are given gradients, and all others asked for.
    plain.close();
    return openNet(given, flags.phase, log, { options: { ...options, forceBackward: true } });
  };
  using net = await open(0);
  if (flags.save !== undefined) {
    await save(net, flags.seed, flags.save);
    return;
  }
  const names: [string, string] =
    engines.length === 2
      ? [engines[0] ?? "", engines[1] ?? ""]
      : weights.length === 2
        ? [weights[0] ?? "", weights[1] ?? ""]
        : [flags.dump ?? "", "this run"];
  const rows =
    flags.dump === undefined
      ? await compareNets(net, await open(1), flags.seed)
      : await compareDump(net, flags.seed, flags.dump);
  tell(rows, names, flags);
}

async function save(net: Net, seed: number, path: string): Promise<void> {
  const dump = new ArrayDump();
  let count = 0;
  for await (const array of layerArrays(net, seed)) {
    dump.add(array);
    count++;
  }
  dump.save(path);
  process.stdout.write(`Wrote ${count} arrays of ${net.layers.length} layers to ${path}.\n`);
}

async function compareNets(one: Net, other: Net, seed: number): Promise<Row[]> {
  using net = other;
  const rows: Row[] = [];
  const others = layerArrays(net, seed);
  for await (const array of layerArrays(one, seed)) {
    const { value } = await others.next();
    const same = value as LayerArray | undefined;
    rows.push(rowOf(array, same && { shape: same.shape, data: same.values }));
  }
  return rows;
}

async function compareDump(net: Net, seed: number, path: string): Promise<Row[]> {
  const find = readArrayDump(path);
  const rows: Row[] = [];
  for await (const array of layerArrays(net, seed)) {
    if (array.values.length > 0) rows.push(rowOf(array, find(array), true));
  }
  return rows;
}

function rowOf(array: LayerArray, other: NdArray<FloatArray> | undefined, isFirst = false): Row {
  const { layer, type, kind, index, shape, values } = array;
  const own = { shape, data: values };
  const row = { layer, type, kind, index, shape: [...shape] };
  if (!other) return { ...row, difference: undefined, problem: "it is not there" };
  const difference = isFirst ? differenceOf(other, own) : differenceOf(own, other);
  if (difference) return { ...row, difference };
  return { ...row, difference, problem: `its shape is ${other.shape.join("×")} there` };
}

const KINDS: Readonly<Record<ArrayKind, string>> = {
  data: "top",
  diff: "gradient of bottom",
  params_diff: "gradient of parameter",
};

function tell(rows: readonly Row[], names: readonly [string, string], flags: CompareFlags): void {
  const { tolerance } = flags;
  const isBeyond = ({ difference }: Row): boolean =>
    !difference || !(difference.relative <= tolerance);
  const first = rows.find(isBeyond);
  if (flags.json) {
    const shown = { between: names, tolerance, arrays: rows, first: first ?? null };
    process.stdout.write(`${JSON.stringify(shown, undefined, 2)}\n`);
  } else process.stdout.write(tableOf(rows, isBeyond));
  if (!first) {
    if (!flags.json) process.stdout.write(`${names.join(" and ")} agree to ${tolerance}.\n`);
    return;
  }
  const { layer, type, kind, index, difference, problem } = first;
  const what = `layer "${layer}" (${type}), ${KINDS[kind]} ${index}`;
  const where =
    difference &&
    ` at [${difference.at.join(", ")}]: ${difference.values.map(numberOf).join(" and ")}`;
  throw new CaffeError(
    difference
      ? `${names.join(" and ")} differ first in ${what}${where}, ${numberOf(difference.absolute)} apart, ${numberOf(difference.relative)} of the greatest value. Layers before it agree to ${tolerance}.`
      : `${names.join(" and ")} differ first in ${what}: ${problem}.`,
  );
}

function tableOf(rows: readonly Row[], isBeyond: (row: Row) => boolean): string {
  const head = ["layer", "type", "array", "absolute", "relative"];
  const cells = rows.map(({ layer, type, kind, index, difference, problem = "" }) => [
    printable(layer),
    printable(type),
    `${KINDS[kind]} ${index}`,
    difference ? numberOf(difference.absolute) : problem,
    difference ? numberOf(difference.relative) : "",
  ]);
  const widths = head.map((title, i) =>
    Math.max(title.length, ...cells.map((row) => row[i]?.length ?? 0)),
  );
  const line = (row: readonly string[]): string =>
    row
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join("  ")
      .trimEnd();
  const isColoured = process.stdout.isTTY === true;
  const lines = cells.map((row, i) => {
    const text = line(row);
    if (!isBeyond(rows[i] as Row)) return `  ${text}`;
    return `* ${isColoured ? styleText("red", text) : text}`;
  });
  return `${[`  ${line(head)}`, ...lines].join("\n")}\n`;
}

/** Three digits tell how far apart numbers lie. */
function numberOf(value: number): string {
  return numberText(Number(value.toPrecision(3)));
}
