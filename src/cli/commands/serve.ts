import type { CommandModule } from "yargs";
import { serve } from "../../serve/serve.ts";
import { real, whole, withLists } from "../flags.ts";
import { type SourceFlags, sourcesOf } from "../serve-sources.ts";
import { Console, withCommonFlags, withoutInfo } from "../session.ts";
import { onFirstOf } from "../signals.ts";

interface ServeFlags extends SourceFlags {
  readonly host: string;
  readonly port: number;
  readonly max_delay: number;
  readonly max_queue: number;
  readonly timeout: number;
  readonly drain: number;
}

/** `caffe serve`: answers over HTTP what nets say. */
export const serveCommand: CommandModule<object, ServeFlags> = {
  command: "serve",
  describe: "answer over HTTP what nets say (Open Inference Protocol v2)",
  builder: (yargs) =>
    withLists(withCommonFlags(yargs), "model", "weights", "name")
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
        "caffe serve --model=deploy.prototxt --weights=net.caffemodel",
        "answer on http://127.0.0.1:8000 until Ctrl-C",
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
    port: flags.port,
    maxDelay: flags.max_delay,
    maxQueue: flags.max_queue,
    timeout: 1000 * flags.timeout,
    drain: 1000 * flags.drain,
    log: withoutInfo(log),
  });
  for (const { name, facts } of serving.models) {
    const how =
      facts.runsAloneSince === undefined
        ? `up to ${facts.maxBatch} rows at once`
        : `requests run one by one: ${facts.runsAloneSince}`;
    log("info", "serve", `Model "${name}": ${how}`);
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
