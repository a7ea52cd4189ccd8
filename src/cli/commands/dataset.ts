import type { Argv, CommandModule } from "yargs";
import { writeHead } from "../../io/dataset/head.ts";
import { type DatasetInfo, datasetInfo } from "../../io/dataset/info.ts";
import { verifyDataset } from "../../io/dataset/verify.ts";
import { CaffeError } from "../../util/errors.ts";
import { printable } from "../../util/printable.ts";
import { CountBar } from "../count-bar.ts";
import { threadsThat, whole } from "../flags.ts";
import { Console } from "../session.ts";

interface DatasetFlags {
  readonly database: string;
  readonly count: number;
  readonly out: string;
  readonly threads: number;
}

const withDatabase = (yargs: Argv): Argv<DatasetFlags> =>
  yargs.positional("database", {
    type: "string",
    demandOption: true,
    describe: "folder of an LMDB or LevelDB",
  }) as unknown as Argv<DatasetFlags>;

/** `caffe dataset`: what a database holds, whether all of it is whole, and its first images. */
export const dataset: CommandModule = {
  command: "dataset",
  describe: "look into a database: info, verify, head",
  builder: (yargs) =>
    yargs
      .command({
        command: "info <database>",
        describe: "count records, shapes, labels and boxes",
        builder: withDatabase,
        handler: info,
      } satisfies CommandModule<object, DatasetFlags>)
      .command({
        command: "verify <database>",
        describe: "read and decode every record; exit code 1 where one is damaged",
        builder: (inner: Argv) => withDatabase(inner).option(...threadsThat("decode images")),
        handler: verify,
      } satisfies CommandModule<object, DatasetFlags>)
      .command({
        command: "head <database>",
        describe: "write the first images as PNG files, with their boxes",
        builder: (inner: Argv) =>
          withDatabase(inner)
            .option(...whole("count", { default: 8, least: 1, describe: "how many" }))
            .option("out", {
              type: "string",
              default: "head",
              describe: "folder to write them to",
            }),
        handler: head,
      } satisfies CommandModule<object, DatasetFlags>)
      .demandCommand(1, "dataset wants one of info, verify, head")
      .example("caffe dataset info train_lmdb", "what is in it")
      .example("caffe dataset head train_lmdb --count=16 --out=pictures", "see the first 16"),
  handler: () => {},
};

function info({ database }: DatasetFlags): void {
  const bar = new CountBar(new Console(), "records");
  const found = datasetInfo(database, bar.update);
  bar.end();
  process.stdout.write(infoText(database, found));
}

function infoText(database: string, found: DatasetInfo): string {
  const { backend, count, bytes, firstKey, lastKey, shapes, labels, boxes, masks, damaged } = found;
  const most = Math.max(1, ...labels.values());
  return [
    `${printable(database)}: ${backend}, ${count} records, ${sizeText(bytes)}`,
    `keys ${printable(firstKey)} to ${printable(lastKey)}`,
    ...(damaged > 0 ? [`${damaged} damaged records; caffe dataset verify names them`] : []),
    "shapes:",
    ...[...shapes].map(([shape, n]) => `  ${String(n).padStart(9)}  ${shape}`),
    ...(masks > 0 ? [`masks: in ${masks} records`] : []),
    ...(boxes
      ? [`boxes: ${boxes.count}, and ${boxes.without} records without any; of each label:`]
      : [`labels: ${labels.size}`]),
    ...[...labels].map(
      ([label, n]) =>
        `  ${String(label).padStart(6)}  ${String(n).padStart(9)}  ${"█".repeat(Math.ceil((30 * n) / most))}`,
    ),
    "",
  ].join("\n");
}

/** Bytes as people say them: `12.3 MiB`. */
function sizeText(bytes: number): string {
  const units = ["bytes", "KiB", "MiB", "GiB", "TiB"];
  const power = bytes > 0 ? Math.min(Math.floor(Math.log2(bytes) / 10), units.length - 1) : 0;
  return `${power === 0 ? bytes : (bytes / 1024 ** power).toFixed(1)} ${units[power]}`;
}

async function verify({ database, threads }: DatasetFlags): Promise<void> {
  const console = new Console();
  const bar = new CountBar(console, "records");
  const { count, damaged } = await verifyDataset(
    database,
    threads,
    (key, problem) => console.log("error", "dataset", `${database}: key "${key}": ${problem}`),
    bar.update,
  );
  bar.end();
  if (damaged > 0) {
    throw new CaffeError(`${database}: ${damaged} of ${count} records are damaged.`);
  }
  process.stdout.write(`${printable(database)}: all ${count} records are whole.\n`);
}

async function head({ database, count, out }: DatasetFlags): Promise<void> {
  for (const { key, label, boxes, shape, path } of await writeHead(database, out, count)) {
    process.stdout.write(
      `${printable(key)}  ${boxes === undefined ? `label ${label}` : `${boxes} boxes`}  ${shape.join("×")}  ${printable(path)}\n`,
    );
  }
}
