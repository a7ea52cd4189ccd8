import { join } from "node:path";
import type { Argv, CommandModule } from "yargs";
import { getModel, listModels, type ModelCard, modelCard } from "../../models/model-zoo.ts";
import { printable } from "../../util/printable.ts";
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
  describe: "copy a model's files here and fetch the weights that its authors publish",
  builder: (yargs) =>
    yargs
      .positional("name", { type: "string", demandOption: true, describe: "a model's name" })
      .positional("folder", { type: "string", describe: "where to; models/<name> by default" })
      .option("weights", {
        type: "boolean",
        default: true,
        describe: "fetch weights; --no-weights copies the prototxt files only",
      })
      .option("url", { type: "string", describe: "fetch the weights from here instead" }),
  handler: async ({ name, folder, weights, url }) => {
    const { log } = new Console();
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
      .command(list)
      .command(show)
      .command(get)
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
