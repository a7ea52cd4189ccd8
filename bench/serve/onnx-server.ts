// ONNX Runtime behind the HTTP server and the protocol of `caffe serve`, one run a request: what a program of one's own would be.
// Run as: tsx onnx-server.ts MODEL.onnx SHAPE; prints where it listens.
import { InferenceSession, Tensor } from "onnxruntime-node";
import { BodyReader } from "../../src/http/body-reader.ts";
import { HttpServer } from "../../src/http/http-server.ts";
import { Router } from "../../src/http/router.ts";
import type { NamedShape } from "../../src/serve/models/model-plan.ts";
import { readInferRequest } from "../../src/serve/protocol/infer-request.ts";
import { inferAnswer } from "../../src/serve/protocol/infer-response.ts";
import { Turns } from "../../src/util/turns.ts";

// Its run holds the process up, so that several asked for at once would keep connections from being read for seconds.
const turns = new Turns();
const session = await InferenceSession.create(process.argv[2] ?? "", { logSeverityLevel: 3 });
/** Axes that the file leaves open are as long as the given shape has them. */
const given = (process.argv[3] ?? "").split(",").map(Number);
const shapesOf = (metadata: typeof session.inputMetadata): NamedShape[] =>
  metadata.flatMap((one) => {
    if (!one.isTensor) return [];
    const shape = one.shape.map((length, i) =>
      typeof length === "number" ? length : (given[i] ?? 1),
    );
    return [{ name: one.name, shape }];
  });
const facts = {
  ...{ netName: "onnx", maxBatch: 16, labels: [], threads: 0, joinsPictures: false, passTime: 0 },
  inputs: shapesOf(session.inputMetadata),
  outputs: shapesOf(session.outputMetadata),
};
const bodies = new BodyReader({ maxBody: 2 ** 26, maxBodies: 2 ** 29 });
const router = new Router(
  [
    {
      ...{ method: "POST", path: "/v2/models/:name/infer", about: "run the model" },
      answer: async (exchange) => {
        const { bytes, release } = await bodies.read(exchange);
        const length = Number(exchange.request.headers["inference-header-content-length"]);
        const request = readInferRequest(bytes, length, facts, bytes.byteLength);
        release();
        const inputs = Object.entries(request.inputs).map(
          ([name, { data, shape }]) => [name, new Tensor("float32", data, shape)] as const,
        );
        const results = await turns.take(() => session.run(Object.fromEntries(inputs)));
        const outputs = Object.entries(results).map(
          ([name, { data, dims }]) =>
            [name, { shape: dims, data: data as Float32Array<ArrayBuffer> }] as const,
        );
        const answerer = { name: "onnx", version: "1", facts };
        const { body, headerLength } = inferAnswer(request, Object.fromEntries(outputs), answerer);
        return {
          ...{ type: "application/octet-stream", body },
          headers: { "inference-header-content-length": String(headerLength) },
        };
      },
    },
  ],
  "POST /v2/models/onnx/infer runs the model.",
);
const limits = { maxConnections: 1024, receiveTimeout: 30_000, answerTimeout: 30_000 };
const server = await HttpServer.listen(router, { host: "127.0.0.1", port: 0, ...limits }, () => {});
console.error(`Serving on ${server.url}`);
