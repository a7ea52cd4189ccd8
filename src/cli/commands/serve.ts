import type { CommandModule } from "yargs";
import { serve } from "../../serve/serve.ts";
import type { Log } from "../../util/log.ts";
import { real, whole, withLists } from "../flags.ts";
import { withPreparationFlags } from "../preparation.ts";
import { type RequestLog, requestLog } from "../request-log.ts";
import { type SourceFlags, sourcesOf } from "../serve-sources.ts";
import { Console, withCommonFlags } from "../session.ts";
import { onFirstOf } from "../signals.ts";

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
    withLists(withPreparationFlags(withCommonFlags(yargs)), "runs", "model", "weights", "name")
      .positional("runs", {
        type: "string",
        array: true,
        describe:
          "folders of runs of caffe new, whose newest snapshot is served, or weights in them; labels and preparation are found there",
      })
      .option("model", {
        type: "string",
        array: true,
        nargs: 1,
        describe: "a net's deploy prototxt; repeat it to serve several",
      })
      .option("weights", {
        type: "string",
        array: true,
        nargs: 1,
        describe: "its .caffemodel files, separated by commas; once for each model, in their order",
      })
      .option("name", {
        type: "string",
        array: true,
        nargs: 1,
        describe: "what clients call it; its net's name by default",
      })
      .option("labels", {
        type: "string",
        describe:
          "names of classes: a text file with one a line, a label map, or voc, coco or cityscapes",
      })
      .option("image_dims", {
        type: "string",
        describe:
          "height,width that a classifier's pictures are resized to before they are cropped to its input",
      })
      .option("resize", {
        type: "string",
        choices: ["warp", "fit", "short", "none"],
        describe:
          "how a detector's or segmenter's pictures are brought to its input, as with caffe detect",
      })
      .option(
        ...real("threshold", {
          default: 0.5,
          describe: "what a detector leaves out: scores below",
        }),
      )
      .option("host", {
        type: "string",
        default: "127.0.0.1",
        describe: "address to listen on; 0.0.0.0 for every network, where anybody may ask",
      })
      .option(
        ...whole("port", { default: 8000, most: 65_535, describe: "port; 0 for any that is free" }),
      )
      .option(
        ...whole("max_batch", {
          default: 16,
          least: 1,
          most: 4096,
          describe: "rows that run at once",
        }),
      )
      .option(
        ...whole("workers", {
          default: 1,
          least: 1,
          most: 64,
          describe:
            "passes that run at once, and threads of each model; the engine's threads are shared out among them",
        }),
      )
      .option(
        ...real("reload", {
          default: 1,
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
          default: 0,
          least: 0,
          most: 60_000,
          describe:
            "milliseconds that a request waits for others to run with though a thread is free; those that come while one runs are joined anyway",
        }),
      )
      .option(
        ...whole("max_queue", {
          default: 256,
          least: 1,
          describe: "requests that wait for a model; more are told to come again (429)",
        }),
      )
      .option(
        ...real("max_body", { default: 64, least: 0.001, describe: "MiB of a request (413)" }),
      )
      .option(
        ...real("max_json", {
          default: 16,
          least: 0.001,
          describe: "MiB of a request's JSON (413); binary tensors count for --max_body alone",
        }),
      )
      .option(
        ...real("max_pixels", {
          default: 25,
          least: 0.001,
          describe: "million pixels of a picture (413)",
        }),
      )
      .option(
        ...real("timeout", { default: 30, least: 0.001, describe: "seconds for an answer (504)" }),
      )
      .option(
        ...real("drain", {
          default: 10,
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
  // What threads say while they open nets is of no use here; what becomes of models is.
  const quiet: Log = (severity, source, message) => {
    if (severity !== "info" || source === "serve") log(severity, source, message);
  };
  const serving = await serve({
    models: sourcesOf(flags),
    host: flags.host,
    workers: flags.workers,
    reload: 1000 * flags.reload,
    maxBody: Math.round(flags.max_body * 2 ** 20),
    maxJson: Math.round(flags.max_json * 2 ** 20),
    maxPixels: Math.round(flags.max_pixels * 1e6),
    port: flags.port,
    maxDelay: flags.max_delay,
    maxQueue: flags.max_queue,
    timeout: 1000 * flags.timeout,
    drain: 1000 * flags.drain,
    log: quiet,
    onAnswer: requestLog(flags.log, quiet),
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
