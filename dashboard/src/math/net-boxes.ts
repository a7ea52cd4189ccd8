import type { GraphLayer } from "../../../src/dashboard/api.ts";

/** A box of the net's picture: a layer, and those that work in place on what it makes. */
export interface NetBox {
  readonly layers: readonly GraphLayer[];
  /** The shape of the first top, as it is read: 64×20×24×24. */
  readonly shape: string;
  /** Milliseconds of one iteration, both ways; undefined where nothing was measured. */
  readonly ms: number | undefined;
}

/** A blob on its way from one box to another, by their places. */
export interface NetWire {
  readonly from: number;
  readonly to: number;
  readonly blob: string;
}

/** A net as boxes, in the order in which they run, and wires between them. */
export interface NetBoxes {
  readonly boxes: readonly NetBox[];
  readonly wires: readonly NetWire[];
}

/** What a box is while layers may join it. */
interface OpenBox {
  readonly layers: GraphLayer[];
  /** Whether another box reads what it makes. */
  isRead: boolean;
}

/** The boxes of a net's layers. Layers that only split a blob are wires. */
export function netBoxes(layers: readonly GraphLayer[]): NetBoxes {
  const open: OpenBox[] = [];
  const wires: NetWire[] = [];
  /** By blob, the box that made it, and what the blob was called before it was split. */
  const makers = new Map<string, { readonly box: number; readonly blob: string }>();
  for (const layer of layers) {
    const { bottoms, tops, type } = layer;
    const made = makers.get(bottoms[0] ?? "");
    if (type === "Split" && made) {
      for (const top of tops) makers.set(top, made);
      continue;
    }
    const box = made && open[made.box];
    if (box && made && isInPlace(layer) && !box.isRead && box.layers[0]?.tops.length === 1) {
      box.layers.push(layer);
      continue;
    }
    const place = open.length;
    open.push({ layers: [layer], isRead: false });
    for (const bottom of bottoms) {
      const maker = makers.get(bottom);
      if (!maker) continue;
      wires.push({ from: maker.box, to: place, blob: maker.blob });
      const from = open[maker.box];
      if (from) from.isRead = true;
    }
    for (const top of tops) makers.set(top, { box: place, blob: top });
  }
  const boxes = open.map(({ layers: parts }) => ({
    layers: parts,
    shape: shapeText(parts[0]?.topShapes[0]),
    ms: sumOf(parts),
  }));
  return { boxes, wires };
}

/** A shape as it is read. */
export function shapeText(shape: readonly number[] | undefined): string {
  if (!shape) return "";
  return shape.join("×") || "scalar";
}

/** What a layer takes of an iteration, in milliseconds. */
export function layerMs({ forwardMs, backwardMs }: GraphLayer): number | undefined {
  if (forwardMs === undefined && backwardMs === undefined) return undefined;
  return (forwardMs ?? 0) + (backwardMs ?? 0);
}

function sumOf(layers: readonly GraphLayer[]): number | undefined {
  const known = layers.map(layerMs).filter((ms) => ms !== undefined);
  return known.length > 0 ? known.reduce((sum, ms) => sum + ms, 0) : undefined;
}

function isInPlace({ bottoms, tops }: GraphLayer): boolean {
  return bottoms.length === 1 && tops.length === 1 && bottoms[0] === tops[0];
}
