import { type Exchange, jsonReply, type Reply } from "../../http/exchange.ts";
import { HttpError } from "../../http/http-error.ts";
import type { PathParts, Route } from "../../http/router.ts";
import { readInferRequest } from "../protocol/infer-request.ts";
import { inferAnswer } from "../protocol/infer-response.ts";
import { modelMetadata, serverMetadata } from "../protocol/metadata.ts";
import { modelOf, type Served } from "./served.ts";

/** The routes of the Open Inference Protocol. */
export function protocolRoutes(served: Served): Route[] {
  const infer = async (exchange: Exchange, parts: PathParts): Promise<Reply> => {
    modelOf(served, exchange, parts);
    const body = await served.bodies.read(exchange);
    try {
      // Another version may have taken its place while the body came.
      const model = modelOf(served, exchange, parts);
      const { facts, name } = model;
      const request = readInferRequest(body.bytes, headerLengthOf(exchange), facts, served.maxJson);
      const { inputs, rows } = request;
      const { outputs, version } = await model.ask({ inputs, rows }, exchange);
      const answer = inferAnswer(request, outputs, { name, version: String(version), facts });
      if (answer.headerLength === undefined) return { type: "application/json", body: answer.body };
      return {
        type: "application/octet-stream",
        body: answer.body,
        headers: { "inference-header-content-length": String(answer.headerLength) },
      };
    } finally {
      body.release();
    }
  };
  const ofModel = (
    path: string,
    about: string,
    answer: Route["answer"],
    method: Route["method"] = "GET",
  ): Route[] =>
    [`/v2/models/:name${path}`, `/v2/models/:name/versions/:version${path}`].map((whole) => {
      return { method, path: whole, about, answer };
    });
  return [
    {
      ...{ method: "GET", path: "/v2", about: "what the server is" },
      answer: () => jsonReply(serverMetadata()),
    },
    {
      ...{ method: "GET", path: "/v2/health/live", about: "whether the server runs" },
      answer: () => jsonReply({ live: true }),
    },
    {
      ...{ method: "GET", path: "/v2/health/ready", about: "whether all models answer" },
      answer: () => {
        const ready = served.isReady() && [...served.models.values()].every((one) => one.isReady);
        return jsonReply({ ready }, ready ? 200 : 503);
      },
    },
    ...ofModel("", "a model's inputs and outputs", (exchange, parts) => {
      const { name, version, facts } = modelOf(served, exchange, parts);
      return jsonReply(modelMetadata(name, version, facts));
    }),
    ...ofModel("/ready", "whether a model answers", (exchange, parts) => {
      const { name, isReady } = modelOf(served, exchange, parts);
      const ready = served.isReady() && isReady;
      return jsonReply({ name, ready }, ready ? 200 : 503);
    }),
    ...ofModel("/infer", "run a model on tensors", infer, "POST"),
  ];
}

function headerLengthOf({ request }: Exchange): number | undefined {
  const given = request.headers["inference-header-content-length"];
  if (given === undefined) return undefined;
  if (typeof given === "string" && /^\d{1,15}$/.test(given)) return Number(given);
  throw new HttpError(400, "Inference-Header-Content-Length is no number. Expected bytes of JSON.");
}
