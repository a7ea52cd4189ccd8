import { createHash } from "node:crypto";
import type { Blob } from "../blob/blob.ts";
import { printPrototxt } from "../io/text/prototxt.ts";
import type { Net } from "../net/net.ts";
import type { Solver } from "../solvers/solver.ts";
import { shapeText } from "../util/shape.ts";

/** Fields that say where a process finds its files, which may be another place on each machine. */
const PLACES =
  /^\s*(source|root_folder|root_dir|mean_file|snapshot_prefix|net|train_net|test_net|weights): /;

/** So many digits of a digest tell blobs apart. */
const DIGITS = 16;

/**
 * Makes sure that all ranks train the same nets in the same way from the same weights.
 * @param agree throws where the ranks' texts differ, and names the first line that does
 */
export async function checkSameStart(
  { param, net, testNets }: Solver,
  agree: (what: string, own: string) => Promise<void>,
): Promise<void> {
  await agree("the solver", withoutPlaces(printPrototxt("SolverParameter", param)));
  for (const [i, one] of [net, ...testNets].entries()) {
    const name = i === 0 ? "the net" : `test net #${i - 1}`;
    await agree(name, withoutPlaces(textOf(one)));
    const engines = one.layers.map(({ engine }, k) => `${one.layerNames[k]}: ${engine.name}`);
    await agree(`the engine of a layer of ${name}`, engines.join("\n"));
    await agree(`a blob of weights of ${name}`, digestsOf(one).join("\n"));
  }
}

function withoutPlaces(text: string): string {
  return text
    .split("\n")
    .filter((line) => !PLACES.test(line))
    .join("\n");
}

function textOf({ layers }: Net): string {
  return layers.map(({ param }) => printPrototxt("LayerParameter", param)).join("\n");
}

/** A line for each blob of a net. What layers of a program's own draw for theirs is each rank's until it begins. */
function digestsOf({ layers, layerNames }: Net): string[] {
  return layers.flatMap(({ blobs, param }, i) =>
    param.type === "Python"
      ? []
      : blobs.map((blob, k) => `${layerNames[i]}[${k}] ${shapeText(blob.shape)} ${digestOf(blob)}`),
  );
}

function digestOf({ dataMem }: Blob): string {
  if (dataMem.isZero) return "zeros";
  const { buffer, byteOffset, byteLength } = dataMem.cpu().subarray(0, dataMem.count);
  const bytes = new Uint8Array(buffer, byteOffset, byteLength);
  return createHash("sha256").update(bytes).digest("hex").slice(0, DIGITS);
}
