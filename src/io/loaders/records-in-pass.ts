import { openDatabase } from "../db/open.ts";
import type { LoaderPlan } from "./open-loader.ts";

/** How many records a source goes through before they come again, and how many a batch takes. */
export interface RecordCounts {
  readonly pass: number;
  readonly batch: number;
}

/** How many records a plan goes through before they come again; undefined where it draws them, or cannot tell without reading all. */
export function recordsInPass(plan: LoaderPlan): number | undefined {
  switch (plan.kind) {
    case "windows":
    case "hdf5":
      return undefined;
    case "images":
    case "clips":
    case "segmentation":
      return plan.list.starts.length;
    case "objects":
      return plan.entries.length;
    case "evaluation":
      return plan.file.images.length;
    default: {
      const db = openDatabase(plan.source);
      try {
        return db.count;
      } finally {
        db.close();
      }
    }
  }
}
