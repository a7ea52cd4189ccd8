import type { CommandModule } from "yargs";
import { MAX_BATCH } from "../../serve/models/served-files.ts";
import { serve } from "../../serve/serve.ts";
import { SERVE_DEFAULTS } from "../../serve/serve-options.ts";
import { real, whole } from "../flags.ts";
import { type RequestLog, requestLog } from "../request-log.ts";
import { withModelFlags } from "../serve-flags.ts";
import { type SourceFlags, sourcesOf } from "../serve-sources.ts";
import { Console, withCommonFlags } from "../session.ts";
import { onFirstOf } from "../signals.ts";

/** What flags count in, in the units of the options. */
const [SECOND, MEBI, MILLION] = [1000, 2 ** 20, 1e6];

interface ServeFlags extends SourceFlags {
  readonly log: RequestLog;
  readonly workers: number;
  readonly reload: number;
  readonly max_body: number;
  readonly max_json: number;
  readonly max_pixels: number;
  readonly host: string;
  readonly port: number;
  readonly max_delay: number;
  readonly max_queue: number;
  readonly timeout: number;
  readonly drain: number;
}

/** `caffe serve`: answers over HTTP what nets say. */
export const serveCommand: CommandModule<object, ServeFlags> = {
  command: "serve [runs..]",
  describe: "answer over HTTP what nets say (Open Inference Protocol v2)",
  builder: (yargs) =>
    withModelFlags(withCommonFlags(yargs))
      .option("host", {
        type: "string",
        default: SERVE_DEFAULTS.host,
        describe: "address to listen on; 0.0.0.0 for every network, where anybody may ask",
      })
      .option(
        ...whole("port", {
          default: SERVE_DEFAULTS.port,
          most: 65_535,
          describe: "port; 0 for any that is free",
        }),
      )
      .option(
        ...whole("max_batch", {
          default: MAX_BATCH,
          least: 1,
          most: 4096,
          describe: "rows that run at once",
        }),
      )
      .option(
        ...whole("workers", {
          default: SERVE_DEFAULTS.workers,
          least: 1,
          most: 64,
          describe:
            "passes of a model that run side by side when several requests are there, each on its share of the cores; one that is alone has all",
        }),
      )
      .option(
        ...real("reload", {
          default: SERVE_DEFAULTS.reload / SECOND,
          least: 0,
          describe:
            "seconds between two looks at the models' files, which are opened anew when they change; 0 for never",
        }),
      )
      .option("log", {
        type: "string",
        choices: ["problems", "json"],
        default: "problems",
        describe:
          "tell of requests: of those that failed, or of each in a line of JSON on standard output",
      })
      .option(
        ...real("max_delay", {
          default: SERVE_DEFAULTS.maxDelay,
          least: 0,
          most: 60_000,
          describe:
            "milliseconds that a request waits for others to run with though a thread is free; those that come while one runs are joined anyway",
        }),
      )
      .option(
        ...whole("max_queue", {
          default: SERVE_DEFAULTS.maxQueue,
          least: 1,
          describe: "requests that wait for a model; more are told to come again (429)",
        }),
      )
      .option(
        ...real("max_body", {
          default: SERVE_DEFAULTS.maxBody / MEBI,
          least: 0.001,
          describe: "MiB of a request (413)",
        }),
      )
      .option(
        ...real("max_json", {
          default: SERVE_DEFAULTS.maxJson / MEBI,
          least: 0.001,
          describe: "MiB of a request's JSON (413); binary tensors count for --max_body alone",
        }),
      )
      .option(
        ...real("max_pixels", {
          default: SERVE_DEFAULTS.maxPixels / MILLION,
          least: 0.001,
          describe: "million pixels of a picture (413)",
        }),
      )
      .option(
        ...real("timeout", {
          default: SERVE_DEFAULTS.timeout / SECOND,
          least: 0.001,
          describe: "seconds for an answer (504)",
        }),
      )
      .option(
        ...real("drain", {
          default: SERVE_DEFAULTS.drain / SECOND,
          least: 0,
          describe: "seconds for what is under way when a signal stops the server",
        }),
      )
      .example(
        "caffe serve flowers --port=8765",
        "what caffe new and caffe train made, on http://127.0.0.1:8765 until Ctrl-C; a picture can be dropped on that page",
      )
      .example(
        "caffe serve --model=deploy.prototxt --weights=net.caffemodel --labels=synset_words.txt",
        "any deploy net",
      )
      .example(
        "curl localhost:8000/v2/models/NAME/classify --data-binary @cat.jpg",
        "ask what a picture shows; detect and segment are asked so too",
      )
      .example(
        "curl localhost:8000/v2/models/LeNet",
        "a model's inputs and outputs; POST …/infer runs it",
      ) as never,
  handler: run,
};

async function run(flags: ServeFlags): Promise<void> {
  const { log } = new Console();
  const serving = await serve({
    models: sourcesOf(flags),
    host: flags.host,
    workers: flags.workers,
    reload: SECOND * flags.reload,
    maxBody: Math.round(flags.max_body * MEBI),
    maxJson: Math.round(flags.max_json * MEBI),
    maxPixels: Math.round(flags.max_pixels * MILLION),
    port: flags.port,
    maxDelay: flags.max_delay,
    maxQueue: flags.max_queue,
    timeout: SECOND * flags.timeout,
    drain: SECOND * flags.drain,
    log,
    onAnswer: requestLog(flags.log, log),
  });
  for (const { name, facts } of serving.models) {
    const task = facts.task === undefined ? "" : ` (${facts.task})`;
    const how =
      facts.runsAloneSince === undefined
        ? `up to ${facts.maxBatch} rows at once`
        : `requests run one by one: ${facts.runsAloneSince}`;
    log("info", "serve", `Model "${name}"${task}: ${how}`);
  }
  log("info", "serve", `Serving on ${serving.url}`);
  await new Promise<void>((resolve) => {
    onFirstOf(["SIGINT", "SIGTERM"], (signal) => {
      log(
        "info",
        "serve",
        `${signal}: what is under way is finished. A second one ends it at once.`,
      );
      resolve();
    });
  });
  await serving.close();
}
