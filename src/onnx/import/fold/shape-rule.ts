import type { Shape } from "../../../util/shape.ts";
import type { Parameters } from "../parameters.ts";

/** The shapes of a node's outputs, of those of its inputs. */
export type ShapeRule = (p: Parameters) => readonly Shape[];
