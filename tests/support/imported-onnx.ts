import { InferenceSession, Tensor } from "onnxruntime-node";
import { createEngines } from "../../src/engines/create.ts";
import type { NetParameter } from "../../src/io/proto/caffe.ts";
import { Net } from "../../src/net/net.ts";
import { withInputs } from "../../src/net/tools/placeholders.ts";
import { Constant } from "../../src/onnx/import/constant.ts";
import { transposed } from "../../src/onnx/import/fold/arrays.ts";
import type { ImportedNet } from "../../src/onnx/import/from-onnx.ts";
import { Solver } from "../../src/solvers/solver.ts";
import { Random } from "../../src/util/random.ts";

/** How far an output of ONNX Runtime and that of the net which was imported lie apart, relative to its largest element. */
interface Distance {
  readonly output: string;
  readonly shape: readonly number[];
  readonly relative: number;
}

/** Runs a file of ONNX, and the net that it has become, on the same noise. */
export async function distancesOf(
  file: string | Uint8Array,
  imported: ImportedNet,
): Promise<Distance[]> {
  // Its optimiser takes margins of zeros into maxima, where they do not count any more.
  const options = {
    logSeverityLevel: 3,
    intraOpNumThreads: 1,
    graphOptimizationLevel: "disabled",
  } as const;
  const session = await (typeof file === "string"
    ? InferenceSession.create(file, options)
    : InferenceSession.create(file, options));
  using net = netOf(imported);
  const random = new Random(5);
  try {
    const feeds = imported.inputs.map(({ name, blob, order }) => {
      const { shape } = net.blob(blob);
      const data = Float32Array.from({ length: net.blob(blob).count() }, () =>
        random.uniform(-1, 1),
      );
      net.blob(blob).assign({ shape, data });
      return [name, inOrder(data, shape, order)] as const;
    });
    const results = await session.run(Object.fromEntries(feeds));
    await net.forward();
    await net.toHost();
    return imported.outputs.map(({ name, blob, order }) => {
      const want = results[name] as Tensor;
      const { shape } = net.blob(blob);
      const got = inOrder(Float32Array.from(net.blob(blob).values()), shape, order);
      if (want.dims.join() !== got.dims.join()) {
        throw new Error(`${name}: ${got.dims.join("×")} in place of ${want.dims.join("×")}`);
      }
      return {
        output: name,
        shape,
        relative: relative(got.data as Float32Array, want.data as Float32Array),
      };
    });
  } finally {
    await session.release();
  }
}

/** A blob's elements as the file has its axes. */
function inOrder(data: Float32Array, shape: readonly number[], order?: readonly number[]): Tensor {
  if (!order) return new Tensor("float32", data, shape);
  const turned = transposed(new Constant("float", shape, data), order);
  return new Tensor("float32", Float32Array.from(turned.values), turned.dims);
}

function netOf(imported: ImportedNet): Net {
  return new Net(imported.deploy, {
    engines: createEngines({ prefer: "native" }),
    phase: "TEST",
    silent: true,
    weights: imported.weights,
  });
}

/** The greatest difference, of the largest element. */
function relative(got: ArrayLike<number>, want: ArrayLike<number>): number {
  let [most, size] = [0, 1e-30];
  for (let i = 0; i < want.length; i++) {
    const gap = Math.abs((got[i] as number) - (want[i] as number));
    most = Number.isNaN(gap) ? Number.POSITIVE_INFINITY : Math.max(most, gap);
    size = Math.max(size, Math.abs(want[i] as number));
  }
  return most / size;
}

/** The losses of some iterations of training on one batch of noise, beginning with the weights that were imported. */
export async function lossesOf(
  imported: ImportedNet,
  { iterations, batch, rate }: { iterations: number; batch: number; rate: number },
): Promise<number[]> {
  const { trainVal } = imported;
  if (!trainVal) throw new Error("there is no train_val");
  const [scores = { shape: [] }] = imported.outputs;
  const [, classes = 2, ...places] = scores.shape;
  const shapes: Record<string, readonly number[]> = {
    label: [batch, ...(places.some((n) => n > 1) ? [1, ...places] : [])],
  };
  for (const { blob, shape } of imported.inputs) shapes[blob] = [batch, ...shape.slice(1)];
  const net: NetParameter = withInputs(trainVal, shapes);
  const losses: number[] = [];
  using solver = new Solver(
    {
      net_param: net,
      ...{ type: "SGD", lr_policy: "fixed", base_lr: rate, momentum: 0.9, random_seed: 3 },
      ...{ display: 0, snapshot_after_train: false, max_iter: iterations, clip_gradients: 10 },
    },
    { engines: createEngines({ prefer: "native" }), silent: true },
  );
  solver.net.copyFrom(imported.weights);
  solver.callbacks.push({ onIteration: ({ loss }) => void losses.push(loss) });
  const random = new Random(7);
  for (const [name, shape] of Object.entries(shapes)) {
    const count = shape.reduce((product, n) => product * n, 1);
    const data = Float32Array.from({ length: count }, () =>
      name === "label"
        ? Math.floor(random.uniform(0, Math.min(classes, 10)))
        : random.uniform(-1, 1),
    );
    solver.net.blob(name).assign({ shape, data });
  }
  await solver.step(iterations);
  return losses;
}
