// Layers of the user's own in ranks: a source in JavaScript that ranks share (share_in_parallel), and a layer in Python with a
// blob of its own, in the Python of each rank.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, test, vi } from "vitest";
import { isLong } from "../support/long.ts";
import { hasMpi, mpiNeeds } from "../support/mpi.ts";
import { python, pythonNeeds } from "../support/python.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { expectSame, type RankRun, trainInRanks } from "../support/train-in-ranks.ts";

const counting = `export class Counting {
  #passes = 0;
  setup() {}
  reshape(bottom, top) {
    for (const one of top) one.reshape([Number(this.param_str)]);
  }
  forward(bottom, [x, y]) {
    const batch = Number(this.param_str);
    for (let i = 0; i < batch; i++) {
      const record = this.#passes * batch + i;
      x.data[i] = 1 + (record % 5) / 5;
      y.data[i] = (record % 7) / 7;
    }
    this.#passes++;
  }
  backward() {}
}
`;

const weighted = `import caffe

class Weighted(caffe.Layer):
    def setup(self, bottom, top):
        self.blobs.add_blob(1)
        self.blobs[0].data[...] = 1

    def reshape(self, bottom, top):
        top[0].reshape(*bottom[0].data.shape)

    def forward(self, bottom, top):
        top[0].data[...] = self.blobs[0].data[0] * bottom[0].data

    def backward(self, top, propagate_down, bottom):
        self.blobs[0].diff[0] += (top[0].diff * bottom[0].data).sum()
`;

describe.skipIf(!hasMpi)(`ranks of ${mpiNeeds}`, () => {
  const folder = temporaryFolder();
  beforeAll(() => {
    vi.stubEnv("CAFFE_LAYER_PATH", folder);
    vi.stubEnv("CAFFE_PYTHON", python);
    vi.stubEnv("PYTHONPATH", folder);
    writeFileSync(join(folder, "counting.mjs"), counting);
    writeFileSync(join(folder, "weighted.py"), weighted);
  });

  afterAll(() => void vi.unstubAllEnvs());

  /** @param own the layer between records and loss */
  const run = (batch: number, own: string): RankRun => ({
    solver: `net_param {
        layer { name: "counted" type: "Python" top: "x" top: "y" python_param {
                module: "counting.mjs" layer: "Counting" param_str: "${batch}" share_in_parallel: true } }
        ${own}
        layer { name: "loss" type: "EuclideanLoss" bottom: "out" bottom: "y" top: "loss" } }
      base_lr: 0.1 momentum: 0.9 lr_policy: "fixed" random_seed: 7`,
    engine: "native",
    iterations: 6,
  });
  const expectAlike = (own: string): void =>
    expectSame(trainInRanks(folder, 2, [run(4, own)]), trainInRanks(folder, 1, [run(8, own)]));

  test.skipIf(!isLong)("ranks take turns with the passes of a source in JavaScript", () => {
    expectAlike(
      'layer { name: "own" type: "Scale" bottom: "x" top: "out" scale_param { axis: 0 num_axes: 0 } }',
    );
  });

  test.skipIf(!python || !isLong)(
    `a layer in Python learns what that of one rank does (${pythonNeeds})`,
    () => {
      expectAlike(
        'layer { name: "own" type: "Python" bottom: "x" top: "out" python_param { module: "weighted" layer: "Weighted" } }',
      );
    },
  );
});
