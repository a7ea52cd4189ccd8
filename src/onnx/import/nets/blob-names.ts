import type { LayerParameter } from "../../../io/proto/caffe.ts";
import type { ImportedLayer } from "../translate/translator.ts";

/** Layers that people write in place, and that compute the same there. */
const IN_PLACE: ReadonlySet<string> = new Set([
  ...["BatchNorm", "Bias", "Dropout", "ReLU", "ReLU6", "Scale"],
]);

/** Layers whose top may use the memory of their bottom, which others may read. */
const VIEWS: ReadonlySet<string> = new Set(["Flatten", "Permute", "Reshape", "Slice"]);

/** The layers with blobs of other names. */
export function renameBlobs(
  layers: readonly ImportedLayer[],
  names: ReadonlyMap<string, string>,
): ImportedLayer[] {
  const of = (list: readonly string[]): string[] => list.map((name) => names.get(name) ?? name);
  return layers.map(({ param, ...rest }) => {
    const { bottom, top } = param;
    const renamed: LayerParameter = {
      ...param,
      ...(bottom && { bottom: of(bottom) }),
      ...(top && { top: of(top) }),
    };
    return { ...rest, param: renamed };
  });
}

/**
 * Lets layers work in place where nothing else reads what they read: their top gets the name of their bottom.
 * @param kept blobs that are inputs or outputs, which keep what they hold
 */
export function inPlace(
  layers: readonly ImportedLayer[],
  kept: ReadonlySet<string>,
): ImportedLayer[] {
  const readers = new Map<string, number>();
  for (const { param } of layers) {
    for (const name of param.bottom ?? []) readers.set(name, (readers.get(name) ?? 0) + 1);
  }
  const views = new Set(
    layers.flatMap(({ param }) => (VIEWS.has(param.type ?? "") ? (param.top ?? []) : [])),
  );
  const names = new Map<string, string>();
  for (const { param } of layers) {
    const { type = "", bottom = [], top = [] } = param;
    const [x = ""] = bottom;
    const [y = ""] = top;
    const isOwn = bottom.length === 1 && readers.get(x) === 1 && !views.has(x);
    const isFree = isOwn && !kept.has(x) && !kept.has(y);
    if (IN_PLACE.has(type) && isFree) names.set(y, names.get(x) ?? x);
  }
  return renameBlobs(layers, names);
}
