import type { Blob } from "../../blob/blob.ts";
import { NetError } from "../../util/errors.ts";
import type { NetGraph } from "../build/graph.ts";

/** Whether backward computes the gradient of a blob: it is a bottom for which a layer makes it. */
export function isComputed(net: NetGraph, name: string): boolean {
  const blob = net.blob(name);
  return net.bottomBlobs.some((bottoms, i) =>
    bottoms.some(
      (one, k) => one === blob && net.layerNeedsBackward[i] && net.bottomNeedsBackward[i]?.[k],
    ),
  );
}

/**
 * Makes sure, before a backward pass, that it computes gradients, and those of these blobs. A blob that no layer reads has
 * the gradient that it was given.
 * @throws NetError where it does not
 */
export function checkComputed(net: NetGraph, names: readonly string[]): void {
  if (!net.layerNeedsBackward.includes(true)) {
    throw new NetError(
      `net "${net.name}": backward computes no gradient, as nothing learns under a loss. Expected force_backward: true in the net, or its option forceBackward.`,
    );
  }
  for (const name of names) {
    const blob = net.blob(name);
    const isRead = net.bottomBlobs.some((bottoms) => bottoms.includes(blob));
    if (isRead && !isComputed(net, name)) throw notComputed(net, name);
  }
}

/** What a backward pass gave, in which each of `names` that it did not compute throws where it is read. */
export function refusing(
  net: NetGraph,
  names: readonly string[],
  given: Record<string, Blob>,
): Record<string, Blob> {
  for (const name of names) {
    if (Object.hasOwn(given, name)) continue;
    Object.defineProperty(given, name, {
      get(): never {
        throw notComputed(net, name);
      },
    });
  }
  return given;
}

function notComputed(net: NetGraph, name: string): NetError {
  return new NetError(
    `net "${net.name}": backward computes no gradient of "${name}". Expected force_backward: true in the net, or its option forceBackward; labels have none even so.`,
  );
}
