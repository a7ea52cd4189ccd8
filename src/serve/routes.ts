import { cut } from "../util/printable.ts";
import type { BodyReader } from "./http/body-reader.ts";
import { type Exchange, jsonReply, type Reply } from "./http/exchange.ts";
import type { PathParts, Route } from "./http/router.ts";
import { HttpError } from "./http-error.ts";
import type { ServedModel } from "./models/served-model.ts";
import { readInferRequest } from "./protocol/infer-request.ts";
import { inferAnswer } from "./protocol/infer-response.ts";
import { modelMetadata, serverMetadata } from "./protocol/metadata.ts";

/** What answers are made of. */
interface Served {
  readonly models: ReadonlyMap<string, ServedModel>;
  readonly bodies: BodyReader;
  /** Whether requests are taken. */
  readonly isReady: () => boolean;
}

/** The routes of the Open Inference Protocol. */
export function protocolRoutes(served: Served): Route[] {
  const modelOf = (exchange: Exchange, { name = "", version }: PathParts): ServedModel => {
    const model = served.models.get(name);
    if (!model) {
      const names = [...served.models.keys()].map((one) => `"${one}"`).join(", ");
      throw new HttpError(404, `there is no model "${cut(name)}". Expected ${names}.`);
    }
    exchange.model = model.name;
    if (version === undefined || version === model.version) return model;
    throw new HttpError(
      404,
      `model "${name}" has no version ${cut(version)}. Expected ${model.version}, or none.`,
    );
  };
  const infer = async (exchange: Exchange, parts: PathParts): Promise<Reply> => {
    const model = modelOf(exchange, parts);
    const { facts, version, name } = model;
    const body = await served.bodies.read(exchange);
    try {
      const request = readInferRequest(body.bytes, headerLengthOf(exchange), facts);
      const { inputs, rows } = request;
      const results = await model.ask({ inputs, rows }, exchange.gone);
      const answer = inferAnswer(request, results, { name, version, facts });
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
  const readiness = (): Reply => {
    const ready = served.isReady();
    return jsonReply({ ready }, ready ? 200 : 503);
  };
  const ofModel = (
    path: string,
    answer: Route["answer"],
    method: Route["method"] = "GET",
  ): Route[] =>
    [`/v2/models/:name${path}`, `/v2/models/:name/versions/:version${path}`].map((whole) => {
      return { method, path: whole, answer };
    });
  return [
    { method: "GET", path: "/v2", answer: () => jsonReply(serverMetadata()) },
    { method: "GET", path: "/v2/health/live", answer: () => jsonReply({ live: true }) },
    { method: "GET", path: "/v2/health/ready", answer: readiness },
    ...ofModel("", (exchange, parts) => {
      const { name, version, facts } = modelOf(exchange, parts);
      return jsonReply(modelMetadata(name, version, facts));
    }),
    ...ofModel("/ready", (exchange, parts) => {
      const { name } = modelOf(exchange, parts);
      const ready = served.isReady();
      return jsonReply({ name, ready }, ready ? 200 : 503);
    }),
    ...ofModel("/infer", infer, "POST"),
  ];
}

function headerLengthOf({ request }: Exchange): number | undefined {
  const given = request.headers["inference-header-content-length"];
  if (given === undefined) return undefined;
  if (typeof given === "string" && /^\d{1,15}$/.test(given)) return Number(given);
  throw new HttpError(400, "Inference-Header-Content-Length is no number. Expected bytes of JSON.");
}
