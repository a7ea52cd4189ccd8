import { availableParallelism } from "node:os";
import { BodyReader } from "../http/body-reader.ts";
import { HttpError } from "../http/http-error.ts";
import { HttpServer } from "../http/http-server.ts";
import { Router } from "../http/router.ts";
import { CaffeError } from "../util/errors.ts";
import { silent } from "../util/log.ts";
import { checkOptions } from "../util/options.ts";
import { Metrics } from "./metrics.ts";
import { sourceOf } from "./models/served-files.ts";
import { ServedModel } from "./models/served-model.ts";
import { Dispatcher } from "./queue/dispatcher.ts";
import { pageRoutes } from "./routes/page-routes.ts";
import { pictureRoutes } from "./routes/picture-routes.ts";
import { protocolRoutes } from "./routes/protocol-routes.ts";
import type { Served } from "./routes/served.ts";
import { type ServeOptions, serveOptions, withDefaults } from "./serve-options.ts";

/** A server that answers until it is closed. */
export interface Serving extends AsyncDisposable {
  /** Where it listens: `http://127.0.0.1:8000`. */
  readonly url: string;
  readonly models: readonly Pick<ServedModel, "name" | "version" | "facts">[];
  /** Takes no more requests, answers those that it has, and closes all. */
  close(): Promise<void>;
}

/**
 * Serves models over HTTP, as `caffe serve` does: the Open Inference Protocol (v2), and what pictures show. It listens at once,
 * and is ready when all models are open, which is when the promise comes true.
 *
 *     const server = await serve({ models: [{ model: "deploy.prototxt", weights: "net.caffemodel" }] });
 *
 * @throws CaffeError where an option is none, it cannot listen, or a model cannot be opened; nothing is left open then
 */
export async function serve(options: ServeOptions): Promise<Serving> {
  checkOptions("serve", options, serveOptions);
  const sources = options.models.map(sourceOf);
  const { log = silent } = options;
  const all = withDefaults(options);
  const { host, port, timeout, maxBody, drain, maxQueue, maxDelay, maxConnections } = all;
  const { maxJson, maxPixels, receiveTimeout, reload } = all;
  const workers = Math.min(all.workers, availableParallelism());
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
    new Router([...routes, ...pageRoutes(served, routes)], "GET /openapi.json tells of all."),
    { host, port, maxConnections, receiveTimeout, answerTimeout: timeout },
    (answered) => {
      const { problem, exchange, status, milliseconds } = answered;
      metrics.answered(exchange.subject, status, milliseconds);
      if (problem && !(problem instanceof CaffeError)) {
        log("error", "serve", `this is a bug in caffe-ts, please report it: ${problem.stack}`);
      }
      options.onAnswer?.(answered);
    },
  );
  const closeModels = (why: string): Promise<unknown> =>
    Promise.all([...models.values()].map((model) => model.close(new HttpError(503, why))));
  try {
    for (const source of sources) {
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
  const close = async (): Promise<void> => {
    await http.close(drain);
    await closeModels("the server is being stopped.");
  };
  return {
    url: http.url,
    models: [...models.values()],
    close,
    [Symbol.asyncDispose]: close,
  };
}
