import type { BodyReader } from "../../http/body-reader.ts";
import type { Exchange } from "../../http/exchange.ts";
import { HttpError } from "../../http/http-error.ts";
import type { PathParts } from "../../http/router.ts";
import { cut } from "../../util/printable.ts";
import type { Metrics } from "../metrics.ts";
import type { ServedModel } from "../models/served-model.ts";

/** What answers are made of. */
export interface Served {
  readonly models: ReadonlyMap<string, ServedModel>;
  readonly bodies: BodyReader;
  readonly metrics: Metrics;
  /** Pixels of a picture at most. */
  readonly maxPixels: number;
  /** Bytes of JSON in a request at most. */
  readonly maxJson: number;
  /** Whether requests are taken. */
  readonly isReady: () => boolean;
}

/**
 * The model that a path names; the exchange is counted as its from now on.
 * @throws HttpError 404 where there is none of that name or version
 */
export function modelOf(
  served: Served,
  exchange: Exchange,
  { name = "", version }: PathParts,
): ServedModel {
  const model = served.models.get(name);
  if (!model) {
    const names = [...served.models.keys()].map((one) => `"${one}"`).join(", ");
    throw new HttpError(404, `there is no model "${cut(name)}". Expected ${names}.`);
  }
  exchange.subject = model.name;
  if (version === undefined || version === model.version) return model;
  throw new HttpError(
    404,
    `model "${name}" has no version ${cut(version)}. Expected ${model.version}, or none.`,
  );
}
