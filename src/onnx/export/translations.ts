import type { Layer } from "../../layers/base/layer.ts";
import type { PythonLayer } from "../../layers/utility/python.ts";
import { activations } from "./activations.ts";
import { affine } from "./affine.ts";
import { cascades } from "./cascade.ts";
import { combinations } from "./combinations.ts";
import { constants } from "./constants.ts";
import { decoders } from "./decoding.ts";
import { detectors } from "./detection.ts";
import { fieldProposals } from "./field-proposals.ts";
import { normalizations } from "./normalizations.ts";
import { poolings } from "./pooling.ts";
import { products } from "./products.ts";
import { proposals } from "./proposal.ts";
import { pythonLayers } from "./python.ts";
import { recurrences } from "./recurrences.ts";
import { regions } from "./regions.ts";
import { resizing } from "./resizing.ts";
import { shapes } from "./shapes.ts";
import type { Translation } from "./site.ts";
import { windows } from "./windows.ts";
import { yolo } from "./yolo.ts";

/** Layers of which only forward tells how long their tops are, and along which axis. */
const countedAxes: ReadonlyMap<string, number> = new Map([
  ["BoxGroupOutput", 0],
  ["BoxOutput", 0],
  ["DetectionOutput", 2],
  ["Filter", 0],
  ["FrcnnOutput", 0],
  ["Proposal", 0],
  ["ScaleRoute", 0],
  ["YoloDetectionOutput", 2],
  ["Yolov3DetectionOutput", 2],
  ["rpn.proposal_layer.ProposalLayer", 0],
]);

/** What each layer type becomes. */
export const translations: ReadonlyMap<string, Translation> = new Map(
  [
    activations,
    affine,
    cascades,
    combinations,
    constants,
    decoders,
    detectors,
    fieldProposals,
    normalizations,
    poolings,
    products,
    proposals,
    recurrences,
    regions,
    resizing,
    shapes,
    windows,
    yolo,
  ].flatMap((family) => Object.entries(family)),
);

/** The axis of a layer's tops whose length only forward tells, if there is one. */
export function countedAxisOf(layer: Layer): number | undefined {
  return countedAxes.get(kindOf(layer));
}

/** How a layer is written, if ONNX has a form for it. */
export function translationOf(layer: Layer): Translation | undefined {
  return translations.get(kindOf(layer)) ?? pythonLayers[kindOf(layer)];
}

/** Whether a layer in Python has the name of one that has a form, and a module of the user's in its place. */
export function isReplaced(layer: Layer): boolean {
  return layer.param.type === "Python" && pythonName(layer) in pythonLayers;
}

/** A layer's type; of those in Python that are known, module and class. */
function kindOf(layer: Layer): string {
  const { type = "" } = layer.param;
  return type === "Python" && (layer as PythonLayer).isKnown ? pythonName(layer) : type;
}

function pythonName({ param: { python_param } }: Layer): string {
  return `${python_param?.module}.${python_param?.layer}`;
}
