import { styleText } from "node:util";
import type { CommandModule } from "yargs";
import { examine } from "../../doctor/examine.ts";
import type { Finding, FindingSeverity } from "../../doctor/finding.ts";
import { CaffeError } from "../../util/errors.ts";
import { printable } from "../../util/printable.ts";
import { listOf, whole, wholeOfAnySign } from "../flags.ts";
import { solverFile } from "../run-folder.ts";

interface DoctorFlags {
  readonly folder: string | undefined;
  readonly solver: string | undefined;
  readonly model: string | undefined;
  readonly deploy: string | undefined;
  readonly weights: string | undefined;
  readonly level: number | undefined;
  readonly stage: string | undefined;
  readonly static: boolean;
  readonly records: number;
  readonly passes: number;
  readonly strict: boolean;
  readonly json: boolean;
}

/** `caffe doctor`: what is wrong with a solver, its nets and its data, found before they run for hours. */
export const doctor: CommandModule<object, DoctorFlags> = {
  command: "doctor [folder]",
  describe: "find what is wrong with a solver, its nets and data before a long run",
  builder: (yargs) =>
    yargs
      .positional("folder", {
        type: "string",
        describe: "what caffe new made, or a solver's prototxt",
      })
      .option("solver", {
        type: "string",
        describe: "the solver's prototxt; its nets come with it",
      })
      .option("model", { type: "string", describe: "the net's prototxt, without a solver" })
      .option("deploy", {
        type: "string",
        describe: "the prototxt of the net for use; deploy.prototxt beside the net by default",
      })
      .option("weights", {
        type: "string",
        describe: "weights that training begins from (.caffemodel, .h5), separated by commas",
      })
      .option(...wholeOfAnySign("level", { describe: "the train net's level" }))
      .option("stage", { type: "string", describe: "the train net's stages, separated by commas" })
      .option("static", {
        type: "boolean",
        default: false,
        describe: "look at the prototxt files alone: not at data or weights, and nothing runs",
      })
      .option(
        ...whole("records", {
          default: 50_000,
          least: 1,
          describe: "records of each source to look at: the first ones",
        }),
      )
      .option(
        ...whole("passes", {
          default: 2,
          describe: "how often to run the train net forward and backward over its data",
        }),
      )
      .option("strict", {
        type: "boolean",
        default: false,
        describe: "fail with warnings too, as with errors",
      })
      .option("json", { type: "boolean", default: false, describe: "print JSON" })
      .example("caffe doctor --solver=solver.prototxt", "before caffe train")
      .example("caffe doctor flowers", "what caffe new flowers made")
      .example("caffe doctor --model=train_val.prototxt", "a net alone")
      .example("caffe doctor --solver=solver.prototxt --json", "for a program") as never,
  handler: run,
};

async function run(flags: DoctorFlags): Promise<void> {
  const { model, deploy, level } = flags;
  const solver = solverFile(flags);
  if ((solver === undefined) === (model === undefined)) {
    throw new CaffeError(
      `${solver ? "--solver and --model are both given" : "Nothing to look at"}. Expected --solver=FILE or --model=FILE.`,
    );
  }
  const findings = await examine({
    ...{ solver, model, deploy, level },
    weights: listOf("weights", flags.weights),
    stages: listOf("stage", flags.stage),
    isStatic: flags.static,
    records: flags.records,
    passes: flags.passes,
  });
  const isColoured = process.stdout.isTTY === true;
  const text = flags.json
    ? JSON.stringify({ findings }, undefined, 2)
    : [...findings.map((one) => findingText(one, isColoured)), sumText(findings)].join("\n");
  process.stdout.write(`${text}\n`);
  const isIll = (severity: FindingSeverity): boolean =>
    severity === "error" || (flags.strict && severity === "warning");
  const bad = findings.filter(({ severity }) => isIll(severity)).length;
  if (bad > 0) throw new CaffeError(`${countText(bad, "finding")} to mend before training.`);
}

const COLOURS = { error: "red", warning: "yellow", note: "blue" } as const;

/** `net.prototxt:12: error: layer "conv1": what [check]`, and what to do in a line of its own. */
function findingText(
  { check, severity, what, where, layer, advice }: Finding,
  isColoured: boolean,
): string {
  const word = isColoured ? styleText(COLOURS[severity], severity) : severity;
  const place = where === "" ? "" : `${printable(where)}: `;
  const name = layer === undefined ? "" : `layer "${printable(layer)}": `;
  const edit = advice === "" ? "" : `\n    ${printable(advice)}`;
  return `${place}${word}: ${name}${printable(what)} [${check}]${edit}`;
}

function sumText(findings: readonly Finding[]): string {
  const counts = (Object.keys(COLOURS) as FindingSeverity[]).flatMap((severity) => {
    const count = findings.filter((one) => one.severity === severity).length;
    return count > 0 ? [countText(count, severity)] : [];
  });
  return counts.length === 0 ? "Nothing found." : `${counts.join(", ")}.`;
}

function countText(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? "" : "s"}`;
}
