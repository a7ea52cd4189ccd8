import { activations } from "./activations.ts";
import { affine } from "./affine.ts";
import { combinations } from "./combinations.ts";
import { normalizations } from "./normalizations.ts";
import { poolings } from "./pooling.ts";
import { products } from "./products.ts";
import { resizing } from "./resizing.ts";
import { shapes } from "./shapes.ts";
import type { Translation } from "./site.ts";

/** What each layer type becomes. */
export const translations: ReadonlyMap<string, Translation> = new Map(
  [activations, affine, combinations, normalizations, poolings, products, resizing, shapes].flatMap(
    (family) => Object.entries(family),
  ),
);
