import type { AnnotatedPlan } from "./annotated-loader.ts";
import type { ClipPlan } from "./clip-loader.ts";
import type { DatabasePlan } from "./database-loader.ts";
import type { GridPlan } from "./grid-loader.ts";
import type { Hdf5Plan } from "./hdf5-loader.ts";
import type { ImagePlan } from "./image-loader.ts";
import type { BatchLoader } from "./loader.ts";
import type { MtcnnPlan } from "./mtcnn-loader.ts";
import type { EvalPlan, ObjectsPlan } from "./objects-loader.ts";
import type { RegionPlan } from "./region-loader.ts";
import type { SegmentationPlan } from "./segmentation-loader.ts";
import type { WindowPlan } from "./window-loader.ts";

/** What is read, and how. */
export type LoaderPlan =
  | DatabasePlan
  | AnnotatedPlan
  | RegionPlan
  | GridPlan
  | ImagePlan
  | ClipPlan
  | MtcnnPlan
  | SegmentationPlan
  | ObjectsPlan
  | EvalPlan
  | WindowPlan
  | Hdf5Plan;

/**
 * The loader for a plan. Only what the source needs is imported.
 * @throws FileError, FormatError where the source cannot be opened
 */
export async function openLoader(plan: LoaderPlan): Promise<BatchLoader> {
  switch (plan.kind) {
    case "database":
      return new (await import("./database-loader.ts")).DatabaseLoader(plan);
    case "annotated":
      return new (await import("./annotated-loader.ts")).AnnotatedLoader(plan);
    case "regions":
      return new (await import("./region-loader.ts")).RegionLoader(plan);
    case "grid":
      return new (await import("./grid-loader.ts")).GridLoader(plan);
    case "mtcnn":
      return new (await import("./mtcnn-loader.ts")).MtcnnLoader(plan);
    case "images":
      return new (await import("./image-loader.ts")).ImageLoader(plan);
    case "clips":
      return new (await import("./clip-loader.ts")).ClipLoader(plan);
    case "segmentation":
      return new (await import("./segmentation-loader.ts")).SegmentationLoader(plan);
    case "objects":
      return new (await import("./objects-loader.ts")).ObjectsLoader(plan);
    case "evaluation":
      return new (await import("./objects-loader.ts")).EvalLoader(plan);
    case "windows":
      return new (await import("./window-loader.ts")).WindowLoader(plan);
    case "hdf5":
      return new (await import("./hdf5-loader.ts")).Hdf5Loader(plan);
  }
}
