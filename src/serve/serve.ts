import { CaffeError } from "../util/errors.ts";
import { type Log, silent } from "../util/log.ts";
import { BodyReader } from "./http/body-reader.ts";
import { type Answered, HttpServer } from "./http/http-server.ts";
import { Router } from "./http/router.ts";
import { HttpError } from "./http-error.ts";
import { Metrics } from "./metrics.ts";
import { type ModelSource, ServedModel } from "./models/served-model.ts";
import { Dispatcher } from "./queue/dispatcher.ts";
import { pageRoutes } from "./routes/page-routes.ts";
import { pictureRoutes } from "./routes/picture-routes.ts";
import { protocolRoutes } from "./routes/protocol-routes.ts";
import type { Served } from "./routes/served.ts";

/** What is served, where, and within which limits. */
interface ServeOptions {
  readonly models: readonly ModelSource[];
  /** 127.0.0.1 by default: programs of this machine alone. */
  readonly host?: string | undefined;
  /** 8000 by default; 0 for any that is free. */
  readonly port?: number | undefined;
  /** Milliseconds that a request waits for others to run with; 0 by default. */
  readonly maxDelay?: number | undefined;
  /** Requests that wait for a model at most; 256 by default. */
  readonly maxQueue?: number | undefined;
  /** Milliseconds that an answer may take; 30,000 by default. */
  readonly timeout?: number | undefined;
  /** Bytes of a request; 64 MiB by default. */
  readonly maxBody?: number | undefined;
  /** Bytes of a request's JSON, which holds others up while it is parsed; 16 MiB by default. */
  readonly maxJson?: number | undefined;
  /** Pixels of a picture; 25 million by default. */
  readonly maxPixels?: number | undefined;
  /** Milliseconds within which a request has to be there whole; 30,000 by default. */
  readonly receiveTimeout?: number | undefined;
  /** Passes that run at once, and threads of each model; 1 by default, whose engine uses all cores. */
  readonly workers?: number | undefined;
  /** Milliseconds between two looks at the models' files; 1000 by default, 0 to look never. */
  readonly reload?: number | undefined;
  readonly maxConnections?: number | undefined;
  /** Milliseconds that requests have to end when the server is closed; 10,000 by default. */
  readonly drain?: number | undefined;
  readonly log?: Log | undefined;
  /** Is told of every request. */
  readonly onAnswer?: ((answered: Answered) => void) | undefined;
}

/** A server that answers until it is closed. */
interface Serving {
  readonly url: string;
  readonly models: readonly ServedModel[];
  /** Takes no more requests, answers those that it has, and closes all. */
  close(): Promise<void>;
}

const MEBI = 2 ** 20;

/**
 * Serves models over HTTP: the Open Inference Protocol (v2). It listens at once, and is ready when all models are open.
 *
 * @throws CaffeError where it cannot listen or a model cannot be opened; nothing is left open then
 */
export async function serve(options: ServeOptions): Promise<Serving> {
  const { log = silent, host = "127.0.0.1", port = 8000 } = options;
  const { timeout = 30_000, maxBody = 64 * MEBI, drain = 10_000 } = options;
  const { maxQueue = 256, maxDelay = 0, maxConnections = 1024 } = options;
  const { maxJson = 16 * MEBI, maxPixels = 25e6 } = options;
  const { receiveTimeout = 30_000, workers = 1, reload = 1000 } = options;
  const dispatcher = new Dispatcher(workers);
  const models = new Map<string, ServedModel>();
  const metrics = new Metrics();
  let isOpen = false;
  const served: Served = {
    ...{ models, metrics, maxPixels, maxJson },
    bodies: new BodyReader({ maxBody, maxBodies: 8 * maxBody }),
    isReady: () => isOpen && !http.isDraining,
  };
  const routes = [...protocolRoutes(served), ...pictureRoutes(served)];
  const http = await HttpServer.listen(
    new Router([...routes, ...pageRoutes(served, routes)]),
    { host, port, maxConnections, receiveTimeout, answerTimeout: timeout },
    (answered) => {
      const { problem, exchange, status, milliseconds } = answered;
      metrics.answered(exchange.model, status, milliseconds);
      if (problem && !(problem instanceof CaffeError)) {
        log("error", "serve", `this is a bug in caffe-ts, please report it: ${problem.stack}`);
      }
      options.onAnswer?.(answered);
    },
  );
  const closeModels = (why: string): Promise<unknown> =>
    Promise.all([...models.values()].map((model) => model.close(new HttpError(503, why))));
  try {
    for (const source of options.models) {
      const model = await ServedModel.open(source, {
        ...{ dispatcher, workers, reload, log },
        limits: { maxQueue, maxDelay, timeout },
        onPass: (name, pass) => metrics.passed(name, pass),
      });
      if (models.has(model.name)) {
        await model.close(new HttpError(503, "not served"));
        throw new CaffeError(
          `two models are called "${model.name}". Expected --name with another name for one of them.`,
        );
      }
      models.set(model.name, model);
    }
  } catch (error) {
    await http.close(0);
    await closeModels("the server is being stopped.");
    throw error;
  }
  isOpen = true;
  return {
    url: http.url,
    models: [...models.values()],
    close: async () => {
      await http.close(drain);
      await closeModels("the server is being stopped.");
    },
  };
}
