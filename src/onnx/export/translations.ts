import { activations } from "./activations.ts";
import { affine } from "./affine.ts";
import { combinations } from "./combinations.ts";
import { constants } from "./constants.ts";
import { decoders } from "./decoding.ts";
import { detectors } from "./detection.ts";
import { normalizations } from "./normalizations.ts";
import { poolings } from "./pooling.ts";
import { products } from "./products.ts";
import { recurrences } from "./recurrences.ts";
import { regions } from "./regions.ts";
import { resizing } from "./resizing.ts";
import { shapes } from "./shapes.ts";
import type { Translation } from "./site.ts";
import { windows } from "./windows.ts";
import { yolo } from "./yolo.ts";

/** Layers of which only forward tells how long their tops are, and along which axis. */
export const countedAxes: ReadonlyMap<string, number> = new Map([
  ["DetectionOutput", 2],
  ["Filter", 0],
  ["Proposal", 0],
  ["YoloDetectionOutput", 2],
  ["Yolov3DetectionOutput", 2],
]);

/** What each layer type becomes. */
export const translations: ReadonlyMap<string, Translation> = new Map(
  [
    activations,
    affine,
    combinations,
    constants,
    decoders,
    detectors,
    normalizations,
    poolings,
    products,
    recurrences,
    regions,
    resizing,
    shapes,
    windows,
    yolo,
  ].flatMap((family) => Object.entries(family)),
);
