import type { PictureTask } from "../models/model-plan.ts";

/** What is asked of a net of each task: the last part of the path. */
export const VERBS: Readonly<Record<PictureTask, string>> = {
  classification: "classify",
  detection: "detect",
  segmentation: "segment",
};
