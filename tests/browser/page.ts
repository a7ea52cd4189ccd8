/** What the page under test runs: it trains LeNet, and tells how it went. Bundled by browser.test.ts. */
import { createEngines, type Log, openEngines, Solver } from "caffe-ts";

/** What the test reads of the page when it is done. */
export interface Told {
  readonly engines: readonly string[];
  readonly losses: readonly number[];
  readonly log: readonly string[];
}

/**
 * Trains a net on images for one pass over them.
 * @param images 28×28 pixels of 0 to 255 each, one behind the other
 * @param engine the best there is by default
 */
export async function train(
  net: string,
  batch: number,
  images: Uint8Array,
  labels: Uint8Array,
  engine?: string,
): Promise<Told> {
  const lines: string[] = [];
  const log: Log = (severity, source, message) => {
    lines.push(`${severity} ${source}: ${message}`);
  };
  const engines = engine ? createEngines({ prefer: engine, log }) : await openEngines(log);
  const solver = Solver.parse(
    `base_lr: 0.02 momentum: 0.9 lr_policy: "fixed" random_seed: 3 max_iter: 1000 net_param { ${net} }`,
    { engines },
  );
  const losses: number[] = [];
  solver.callbacks.push({ onIteration: ({ loss }) => void losses.push(loss) });
  const [data, label] = [solver.net.blob("data").dataMem, solver.net.blob("label").dataMem];
  const size = images.length / labels.length;
  for (let first = 0; first + batch <= labels.length; first += batch) {
    const pixels = images.subarray(first * size, (first + batch) * size);
    data.overwriteCpu().set(Float32Array.from(pixels, (pixel) => pixel / 256));
    label.overwriteCpu().set(labels.subarray(first, first + batch));
    await solver.step(1);
  }
  const used = new Set(solver.net.layers.map(({ engineName }) => engineName));
  solver.close();
  return { engines: [...used], losses, log: lines };
}

Object.assign(globalThis, { train });
