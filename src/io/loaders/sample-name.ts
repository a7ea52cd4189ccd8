import { openDatabase } from "../db/open.ts";
import { clipLine } from "./clip-loader.ts";
import { listedLine } from "./image-loader.ts";
import { recordNumber } from "./loader.ts";
import { objectsImage } from "./objects-loader.ts";
import type { LoaderPlan } from "./open-loader.ts";
import { recordName } from "./record-error.ts";
import { recordStreamOf } from "./record-loader.ts";
import { segmentationLine } from "./segmentation-loader.ts";

/** What sample `i` of a plan's first batch is read from: a database's key, a list's line, a row. */
export function nameSample(plan: LoaderPlan, i: number): string | undefined {
  const position = recordNumber(plan, 0, i);
  if (plan.kind === "images") return listedLine(plan, position);
  if (plan.kind === "clips") return clipLine(plan, position);
  if (plan.kind === "segmentation") return segmentationLine(plan, position);
  if (plan.kind === "hdf5") return `${plan.source}: row ${position} since the beginning`;
  if (plan.kind === "objects" || plan.kind === "evaluation") return objectsImage(plan, position);
  if (plan.kind === "windows") return undefined;
  const db = openDatabase(plan.source);
  try {
    const stream = recordStreamOf(plan, db);
    stream.seek(position);
    return recordName(plan.source, stream.next().key);
  } finally {
    db.close();
  }
}
