import type { CommandModule } from "yargs";
import type { Net } from "../../net/net.ts";
import { fillInputs } from "../../net/tools/fill-inputs.ts";
import {
  checkLayerGradients,
  checkNetGradient,
  type GradientCheckOptions,
  type GradientDeviation,
  type GradientReport,
} from "../../net/tools/gradient-check.ts";
import { CaffeError, EngineError } from "../../util/errors.ts";
import { type Log, numberText } from "../../util/log.ts";
import { nearestText } from "../../util/nearest.ts";
import { Random } from "../../util/random.ts";
import { levelFlag, listOf, real, stageFlag, whole } from "../flags.ts";
import { type NetFlags, openNet } from "../open-net.ts";
import { Console, withCommonFlags } from "../session.ts";

interface GradientCheckFlags extends NetFlags {
  readonly layer: string | undefined;
  readonly scope: "layers" | "net" | "all";
  readonly phase: "TRAIN" | "TEST";
  readonly step: number;
  readonly threshold: number;
  readonly samples: number;
  readonly seed: number;
}

/** `caffe gradient_check`: whether each layer's backward is the derivative of its forward. */
export const gradientCheck: CommandModule<object, GradientCheckFlags> = {
  command: "gradient_check",
  describe: "compare gradients with numeric differences, layer by layer and for the whole net",
  builder: (yargs) =>
    withCommonFlags(yargs)
      .option("model", { type: "string", describe: "the net's prototxt" })
      .option("weights", { type: "string", describe: "its .caffemodel" })
      .option("layer", { type: "string", describe: "only these layers, separated by commas" })
      .option("scope", {
        type: "string",
        choices: ["layers", "net", "all"],
        default: "all",
        describe: "each layer by itself, the loss of the whole net, or both",
      })
      .option("phase", {
        type: "string",
        choices: ["TRAIN", "TEST"],
        default: "TRAIN",
        describe: "the net's phase",
      })
      .option(...real("step", { default: 1e-5, describe: "how far an element is moved" }))
      .option(
        ...real("threshold", { default: 1e-6, describe: "the largest relative error that passes" }),
      )
      .option(
        ...whole("samples", {
          default: 20,
          describe: "elements of each blob, chosen at random; 0 for all",
        }),
      )
      .option(...whole("seed", { default: 1, describe: "of weights, inputs and samples" }))
      .option(...levelFlag)
      .option(...stageFlag)
      .example("caffe gradient_check --model=net.prototxt", "check all layers, then the net")
      .example(
        "caffe gradient_check --model=net.prototxt --layer=attention --samples=0",
        "check every element of a layer of your own",
      )
      .epilogue(
        "Everything is computed in float64 by the reference engine, twice for each element: use a small batch and small images. Input blobs hold noise, or 0 and 1 where they are labels; give a DummyData layer for other values. Exit code 1 says that a gradient is wrong.",
      ) as never,
  handler: run,
};

async function run(flags: GradientCheckFlags): Promise<void> {
  const options = optionsOf(flags);
  if (flags.engine !== undefined && flags.engine !== "reference") {
    throw new EngineError(
      `--engine is ${flags.engine}. Gradients are checked in float64; expected reference.`,
    );
  }
  const { log } = new Console();
  const net = await openNet({ ...flags, engine: "reference" }, flags.phase, log, {
    param: { force_backward: true },
    options: { dtype: "f64", seed: flags.seed },
  });
  try {
    const names = listOf("layer", flags.layer);
    checkNames(names, net);
    const random = new Random(flags.seed, "gradient_check");
    fillInputs(net, random);
    if (!flags.weights) stirConstants(net, random);
    await check(net, names, flags.scope, options, log);
  } finally {
    net.close();
  }
}

function optionsOf(flags: GradientCheckFlags): GradientCheckOptions {
  for (const name of ["step", "threshold"] as const) {
    if (!(flags[name] > 0))
      throw new CaffeError(`--${name} is ${flags[name]}. Expected more than 0.`);
  }
  const { step, threshold, samples, seed } = flags;
  return { step, threshold, seed, ...(samples > 0 && { samples }) };
}

function checkNames(names: readonly string[], net: Net): void {
  for (const name of names) {
    if (net.layerNames.includes(name)) continue;
    throw new CaffeError(
      `--layer names "${name}", which is no layer of the net.${nearestText(name, net.layerNames)} Expected one of ${net.layerNames.join(", ")}.`,
    );
  }
}

async function check(
  net: Net,
  names: readonly string[],
  scope: GradientCheckFlags["scope"],
  options: GradientCheckOptions,
  log: Log,
): Promise<void> {
  const say = (severity: "info" | "error", message: string): void =>
    log(severity, "caffe", message);
  const total = { elements: 0, kinks: 0, wrong: 0 };
  let worst: GradientDeviation | undefined;
  const tell = (what: string, report: GradientReport): void => {
    const { checked, kinks, failures } = report;
    total.elements += checked;
    total.kinks += kinks;
    total.wrong += failures.length;
    for (const failure of failures) {
      if (!worst || !(failure.error <= worst.error)) worst = failure;
    }
    const onKinks = kinks > 0 ? `, ${kinks} on a kink` : "";
    const found =
      failures.length > 0
        ? `${failures.length} WRONG, the worst ${deviationText(report.worst)}`
        : `largest error ${numberText(report.worst?.error ?? 0)}`;
    say(failures.length > 0 ? "error" : "info", `${what}: ${checked} elements${onKinks}, ${found}`);
  };
  const wants = (name: string): boolean =>
    scope !== "net" && (names.length === 0 || names.includes(name));
  for await (const { layer, report } of checkLayerGradients(net, wants, options)) {
    tell(`${layer.param.name} (${layer.param.type})`, report);
  }
  const hasLoss = net.lossWeights.flat().some((weight) => weight !== 0);
  const isWhole = scope === "net" || (scope === "all" && names.length === 0 && hasLoss);
  if (isWhole) tell("whole net", await checkNetGradient(net, options));
  if (total.elements === 0) {
    throw new CaffeError("there is no gradient to check. Expected a layer that has one.");
  }
  if (worst) {
    throw new CaffeError(
      `${total.wrong} of ${total.elements} gradients are wrong. The worst is in layer "${worst.layer}": ${deviationText(worst)}. Look at that layer's backward.`,
    );
  }
  say(
    "info",
    `Gradient check passed: ${total.elements} elements, ${total.kinks} of them on a kink.`,
  );
}

function deviationText(deviation: GradientDeviation | undefined): string {
  if (!deviation) return "unknown";
  const { blob, index, computed, numeric, error } = deviation;
  return `${blob} [${index.join(",")}]: backward gives ${numberText(computed)}, differences ${numberText(numeric)}, relative error ${numberText(error)}`;
}

/** Parameters that are all one value, as where no filler is given, get noise: zeros would hide most mistakes. */
function stirConstants(net: Net, random: Random): void {
  for (const { blob, lrMult } of net.learnableParams) {
    const values = blob.values();
    if (lrMult === 0 || values.some((value) => value !== values[0])) continue;
    const stirred = blob.dataMem.mutableCpu();
    const range = 1 / Math.sqrt(blob.count(1));
    for (let i = 0; i < blob.count(); i++) {
      stirred[i] = (stirred[i] ?? 0) + random.uniform(-range, range);
    }
  }
}
