import { join } from "node:path";
import type { Argv, CommandModule } from "yargs";
import { getModel, listModels, type ModelCard, modelCard } from "../../models/model-zoo.ts";
import { writeAdaptedModel } from "../../new-run/write-adapted.ts";
import { CaffeError } from "../../util/errors.ts";
import { printable } from "../../util/printable.ts";
import { real, whole, withOwnFlagsFirst } from "../flags.ts";
import { Console } from "../session.ts";

interface ListFlags {
  readonly json: boolean;
}

interface ShowFlags extends ListFlags {
  readonly name: string;
}

interface GetFlags {
  readonly name: string;
  readonly folder: string | undefined;
  readonly weights: boolean;
  readonly url: string | undefined;
  readonly classes: number | undefined;
  readonly size: number | undefined;
  readonly width: number | undefined;
  readonly from: string | undefined;
}

const list: CommandModule<object, ListFlags> = {
  command: "list",
  describe: "show which models there are",
  builder: withJson,
  handler: ({ json }) => {
    const cards = listModels();
    process.stdout.write(json ? jsonOf(cards) : tableOf(cards));
  },
};

const show: CommandModule<object, ShowFlags> = {
  command: "show <name>",
  describe: "show what is known of a model",
  builder: (yargs) =>
    withJson(yargs).positional("name", {
      type: "string",
      demandOption: true,
      describe: "a model's name",
    }),
  handler: ({ name, json }) => {
    const card = modelCard(name);
    process.stdout.write(json ? jsonOf(card) : `${card.text}\n`);
  },
};

const get: CommandModule<object, GetFlags> = {
  command: "get <name> [folder]",
  describe:
    "copy a model's files here and fetch the weights that its authors publish; or make its nets for other classes",
  builder: (yargs) =>
    yargs
      .positional("name", { type: "string", demandOption: true, describe: "a model's name" })
      .positional("folder", { type: "string", describe: "where to; models/<name> by default" })
      .option("weights", {
        type: "boolean",
        default: true,
        describe: "fetch weights; --no-weights copies the prototxt files only",
      })
      .option("url", { type: "string", describe: "fetch the weights from here instead" })
      .option(
        ...whole("classes", {
          least: 1,
          describe:
            "make its nets for so many classes (a detector's background is none): train_val.prototxt and deploy.prototxt, which learn from nothing (BatchNorm, msra)",
        }),
      )
      .option(
        ...whole("size", { least: 8, most: 4096, describe: "height and width of their input" }),
      )
      .option(
        ...real("width", {
          least: 0.01,
          most: 1,
          describe: "how much of their outputs the layers of a segmenter have; all by default",
        }),
      )
      .option("from", {
        type: "string",
        describe: "make them go on from these weights: what must begin anew gets another name",
      })
      .example("caffe models get squeezenet", "its files and weights, to models/squeezenet")
      .example(
        "caffe models get resnet18 mine --classes=7 --size=96",
        "its nets for seven classes and 96×96 pixels, to mine",
      ),
  handler: async ({ name, folder, weights, url, classes, size, width, from }) => {
    const { log } = new Console();
    if (classes !== undefined) {
      const wishes = { classes, size, width, weights: from };
      for (const path of writeAdaptedModel(name, folder ?? join("models", name), wishes)) {
        process.stdout.write(`${printable(path)}\n`);
      }
      return;
    }
    const lost = size !== undefined ? "--size" : from !== undefined ? "--from" : undefined;
    if (lost) throw new CaffeError(`${lost} is for nets of other classes. Give --classes too.`);
    const isTerminal = process.stderr.isTTY === true;
    const paths = await getModel(name, folder ?? join("models", name), {
      withoutWeights: !weights,
      ...(url !== undefined && { urls: [url] }),
      progress: (done, total) => {
        if (isTerminal)
          process.stderr.write(`\r\x1b[K${mib(done)}${total ? ` of ${mib(total)}` : ""} MiB`);
      },
    });
    if (isTerminal) process.stderr.write("\r\x1b[K");
    for (const path of paths) process.stdout.write(`${printable(path)}\n`);
    if (weights && !modelCard(name).weights) {
      log("info", "models", `${name}: its authors publish no weights that can be fetched.`);
    }
  },
};

/** `caffe models list|show|get`: the nets that come with the package. */
export const models: CommandModule = {
  command: "models",
  describe: "list, show and get the nets that come with this package",
  builder: (yargs) =>
    yargs
      .command(withOwnFlagsFirst(list))
      .command(withOwnFlagsFirst(show))
      .command(withOwnFlagsFirst(get))
      .demandCommand(1, "models needs list, show or get")
      .example("caffe models list", "which there are")
      .example("caffe models show squeezenet", "its paper, sizes, input and weights")
      .example("caffe models get squeezenet", "its files and weights, to models/squeezenet"),
  handler: () => {},
};

function withJson<T>(yargs: Argv<T>): Argv<T & ListFlags> {
  return yargs.option("json", { type: "boolean", default: false, describe: "print JSON" });
}

function jsonOf(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}

function tableOf(cards: readonly ModelCard[]): string {
  const rows = [
    ["name", "task", "parameters", "MACs", "weights"],
    ...cards.map(({ id, task, parameters, macs, weights }) => [
      id,
      task,
      parameters.toLocaleString("en"),
      macs,
      weights ? "to be fetched" : "–",
    ]),
  ];
  const widths = [0, 1, 2, 3].map((k) => Math.max(...rows.map((row) => row[k]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, k) =>
          k === 2 || k === 3 ? cell.padStart(widths[k] ?? 0) : cell.padEnd(widths[k] ?? 0),
        )
        .join("  ")
        .trimEnd(),
    )
    .join("\n")
    .concat("\n");
}

function mib(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(1);
}
