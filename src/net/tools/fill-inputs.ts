import type { Random } from "../../util/random.ts";
import type { Net } from "../net.ts";

/**
 * Fills a net's inputs so that it can run without data: noise from −1 to 1, and 0 and 1 in turn for those that are read as
 * labels or indices, which have no gradient.
 */
export function fillInputs(net: Net, random: Random): void {
  const labels = new Set<string>();
  for (let i = net.layers.length - 1; i >= 0; i--) {
    const { bottom = [], top = [] } = net.layers[i]?.param ?? {};
    const passesOn = top.length > 0 && top.every((name) => labels.has(name));
    bottom.forEach((blob, b) => {
      if (passesOn || !net.layers[i]?.allowForceBackward(b)) labels.add(blob);
    });
  }
  for (const name of net.inputs) {
    const values = net.blob(name).dataMem.overwriteCpu();
    for (let i = 0; i < values.length; i++) {
      values[i] = labels.has(name) ? i % 2 : random.uniform(-1, 1);
    }
  }
}
