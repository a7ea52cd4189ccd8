import { join } from "node:path";
import type { CommandModule } from "yargs";
import { pngOf } from "../../draw/picture/png.ts";
import { writeFileAtomically } from "../../io/files/atomic-file.ts";
import { makeFolder } from "../../io/files/file-system.ts";
import { readSolverParameter } from "../../io/text/read-net.ts";
import { chartSvg, type Series } from "../../plot/chart.ts";
import { type Overfit, overfit } from "../../trial/overfit.ts";
import { MOST_RATES, type RateRange, testRates } from "../../trial/rate-range.ts";
import { type Cost, timeIterations } from "../../trial/time-iterations.ts";
import { triedOf } from "../../trial/trial-net.ts";
import { CaffeError } from "../../util/errors.ts";
import { numberText } from "../../util/log.ts";
import { real } from "../flags.ts";
import { solverFile } from "../run-folder.ts";
import { type CommonFlags, Console, enginesFor, withCommonFlags, withoutInfo } from "../session.ts";

interface TryFlags extends CommonFlags {
  readonly folder: string | undefined;
  readonly solver: string | undefined;
  readonly seconds: number;
  readonly out: string | undefined;
  readonly json: boolean;
}

/** `caffe try`: a small trial before the long run. */
export const tryCommand: CommandModule<object, TryFlags> = {
  command: "try [folder]",
  describe:
    "try a solver: what it costs, which learning rates do, whether its net learns two batches by heart",
  builder: (yargs) =>
    withCommonFlags(yargs)
      .positional("folder", {
        type: "string",
        describe: "what caffe new made, or a solver's prototxt",
      })
      .option("solver", { type: "string", describe: "the solver's prototxt" })
      .option(
        ...real("seconds", {
          default: 60,
          least: 1,
          describe: "how long the trial may take, about; a slow net needs more",
        }),
      )
      .option("out", {
        type: "string",
        describe: "folder for the curve of loss over learning rate: learning-rates.svg and .png",
      })
      .option("json", { type: "boolean", default: false, describe: "print JSON" })
      .example("caffe try --solver=solver.prototxt", "before caffe train")
      .example("caffe try flowers", "what caffe new flowers made")
      .example("caffe try --solver=solver.prototxt --out=trial", "with the curve as a picture")
      .epilogue(
        "Nothing is written but what --out asks for; snapshots stay as they are. Exit code 1 says that the net does not learn two batches by heart, though it is large enough to.",
      ) as never,
  handler: run,
};

async function run(flags: TryFlags): Promise<void> {
  const file = solverFile(flags);
  if (file === undefined) throw new CaffeError("Need a solver to try. Give --solver=FILE.");
  const log = withoutInfo(new Console().log);
  const param = readSolverParameter(file, log);
  const engines = await enginesFor(flags, log, param);
  const tried = triedOf(param, file, log);
  const say = (text: string): void => {
    if (!flags.json) process.stdout.write(`${text}\n`);
  };
  // The range of learning rates wants the most iterations.
  const [part, half] = [250 * flags.seconds, 500 * flags.seconds];
  const cost = await timeIterations(tried, engines, part / 2);
  say(costText(cost));
  const rates = await testRates(tried, engines, half, cost.msPerIteration);
  say(ratesText(rates, param.base_lr, cost));
  const files = flags.out === undefined ? [] : await writeCurve(rates, flags.out);
  if (files.length > 0) say(`  The curve: ${files.join(", ")}.`);
  const rate = param.base_lr ?? rates.suggested ?? 0.01;
  const own = await overfit(tried, engines, rate, part);
  say(overfitText(own));
  const isOther =
    !own.isDone &&
    !isTooSmall(own) &&
    !isSlow(own) &&
    rates.suggested !== undefined &&
    rates.suggested !== own.rate;
  const other = isOther
    ? await overfit(tried, engines, rates.suggested as number, part)
    : undefined;
  if (other) say(overfitText(other));
  if (flags.json) {
    const report = { cost, rates, overfit: other ? [own, other] : [own], files };
    process.stdout.write(`${JSON.stringify(report, undefined, 2)}\n`);
  }
  if (!own.isDone && !isTooSmall(own)) throw new CaffeError(whyNot(own, other, cost));
}

/** Milliseconds of an iteration that training may wait for data before a word is said of it. */
const WORTH_MENDING = 1;

function costText(cost: Cost): string {
  const { batch, msPerIteration, waiting, msOfRun, bytes, largestBatch } = cost;
  const perSecond = Math.round((1000 * batch) / msPerIteration);
  return [
    `An iteration of ${batch} samples takes ${timeText(msPerIteration)} (${perSecond.toLocaleString("en")} a second), ${Math.round(100 * waiting)} % of it waiting for data.`,
    ...(waiting > 0.2 && waiting * msPerIteration > WORTH_MENDING
      ? [
          "  Data is slow. For pictures: transform_param { workers: … } decodes in more threads; encoded images of a smaller size, or an LMDB in place of a list, cost less.",
        ]
      : []),
    ...(msOfRun === undefined
      ? []
      : [`  All iterations to max_iter: about ${timeText(msOfRun)}, without tests.`]),
    `  Memory: ${mibText(bytes)} for net and weights; the largest batch for what is free now: about ${largestBatch.toLocaleString("en")}.`,
  ].join("\n");
}

function ratesText(
  { points, best, exploding, suggested, isWhole }: RateRange,
  given = 0,
  { msPerIteration }: Cost,
): string {
  const [first, last] = [points[0]?.rate ?? 0, points.at(-1)?.rate ?? 0];
  const tested = `Learning rates from ${short(first)} to ${short(last)} in ${points.length} iterations:`;
  const explodes = exploding === undefined ? "explodes at none" : `explodes at ${short(exploding)}`;
  if (suggested === undefined || best === undefined) {
    const seconds = Math.ceil((2 * MOST_RATES * msPerIteration) / 1000);
    const remedy = isWhole
      ? "look at the net first (caffe doctor)"
      : `a net that learns slowly wants more iterations, --seconds=${seconds}`;
    return `${tested} the loss falls at none, and ${explodes}.\n  No base_lr can be suggested: ${remedy}.`;
  }
  const isFar = given > 3 * best || given < best / 300;
  return [
    `${tested} the loss is least at ${short(best)}, and ${explodes}.`,
    `  Suggested base_lr: ${short(suggested)}; the solver has ${short(given)}${isFar ? `, which is too ${given > best ? "high" : "low"}` : ""}.`,
  ].join("\n");
}

function overfitText(found: Overfit): string {
  const { samples, parameters, iterations, rate, firstLoss, lastLoss, accuracy, isDone } = found;
  const few = isTooSmall(found)
    ? `\n  The net has ${parameters} parameters: too few to know ${samples} samples by heart, so this is no fault.`
    : "";
  const reached = accuracy === undefined ? "" : `${Math.floor(100 * accuracy)} % right, `;
  return `Two batches (${samples} samples) by heart, base_lr ${short(rate)}: ${isDone ? "learned" : "NOT learned"} in ${iterations} iterations: ${reached}loss ${short(firstLoss)} → ${short(lastLoss)}.${few}`;
}

/** Whether a net that learns cannot know its two batches by heart: it has fewer numbers to do it with. */
function isTooSmall(found: Overfit): boolean {
  return !found.isDone && found.parameters < found.samples && isFalling(found);
}

/** Whether a net was on its way when time was up. */
function isSlow(found: Overfit): boolean {
  return found.isCutShort && isFalling(found);
}

/** A loss that has come to this share of the first falls. */
const FALLS = 0.7;

function isFalling({ firstLoss, lastLoss }: Overfit): boolean {
  return lastLoss < FALLS * firstLoss;
}

/** Why two batches were not learned by heart, as far as it can be told. */
function whyNot(own: Overfit, other: Overfit | undefined, { msPerIteration }: Cost): string {
  const { lastLoss, firstLoss, guess, iterations, rate } = own;
  const slow = `the loss still falls after ${iterations} iterations of ${timeText(msPerIteration)}.`;
  if (isSlow(own)) return `${slow} Give more time (--seconds).`;
  if (other?.isDone) {
    return `the net learns with base_lr ${short(other.rate)}, and not with the solver's ${short(rate)}. Write base_lr: ${short(other.rate)}.`;
  }
  if (!Number.isFinite(lastLoss) || lastLoss > 4 * firstLoss) {
    return `the loss explodes with base_lr ${short(rate)}. Write a lower one, or scale the input (caffe doctor tells of it).`;
  }
  if (guess !== undefined && Math.abs(lastLoss - guess) < 0.05 * guess) {
    return `the loss stays at ${short(lastLoss)}, which is ln(classes) = ${short(guess)}: the net gives every image the same scores. caffe doctor looks for dead ReLUs, equal weights and empty input.`;
  }
  if (isFalling(own)) return `${slow} Write a higher base_lr.`;
  return `the loss hardly falls (${short(firstLoss)} → ${short(lastLoss)}). Look at base_lr, labels (are they those of the images?) and at what caffe doctor says.`;
}

/** Writes loss over learning rate as SVG and PNG, and gives the files' names. */
async function writeCurve({ points }: RateRange, folder: string): Promise<string[]> {
  // What explodes would make all that comes before a flat line.
  const most = 2 * Math.max(...points.slice(0, 5).map(({ loss }) => loss));
  const line = (label: string, of: "loss" | "smoothed"): Series => ({
    label,
    points: points
      .filter((point) => point[of] <= most)
      .map((point) => [Math.log10(point.rate), point[of]]),
  });
  const svg = chartSvg({
    title: "Loss over learning rate",
    xLabel: "log10 of the learning rate",
    yLabel: "loss",
    series: [line("each iteration", "loss"), line("smoothed", "smoothed")],
  });
  makeFolder(folder);
  const files = ["svg", "png"].map((ending) => join(folder, `learning-rates.${ending}`));
  const [svgFile = "", pngFile = ""] = files;
  writeFileAtomically(svgFile, [new TextEncoder().encode(svg)]);
  writeFileAtomically(pngFile, [await pngOf(svg)]);
  return files;
}

function short(value: number): string {
  return numberText(Number(value.toPrecision(3)));
}

function mibText(bytes: number): string {
  return `${Math.round(bytes / 2 ** 20).toLocaleString("en")} MiB`;
}

/** 12.3 ms · 4.5 s · 6 min · 7.8 h · 9.1 days. */
function timeText(ms: number): string {
  if (ms < 1000) return `${Number(ms.toPrecision(3))} ms`;
  const seconds = ms / 1000;
  if (seconds < 90) return `${seconds.toFixed(1)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  const hours = seconds / 3600;
  return hours < 48 ? `${hours.toFixed(1)} h` : `${(hours / 24).toFixed(1)} days`;
}
