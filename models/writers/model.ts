import { L, type LayerCall, type NetParameter, NetSpec, type Top } from "../../src/index.ts";
import { compactNet } from "../../src/io/text/compact-prototxt.ts";

/** A model as it is written: its nets and its solver. */
export interface Model {
  /** Its folder below models/. */
  readonly name: string;
  /** First line of each file: what it is. */
  readonly title: string;
  readonly trainVal: NetParameter;
  readonly deploy: NetParameter;
  /** The solver's lines below `net`; a `#` begins a comment. */
  readonly solver: string;
}

/** Learning rates as Caffe's nets have them: the bias learns twice as fast and does not decay. */
export const biasTwice = [
  { lr_mult: 1, decay_mult: 1 },
  { lr_mult: 2, decay_mult: 0 },
] as const;

/** Every layer in the order it was called: a net whose layers all have names of their own. */
export class Writer {
  readonly #layers: (Top | LayerCall)[] = [];
  readonly #net: { readonly name: string; readonly force_backward?: boolean };

  constructor(name: string) {
    this.#net = { name };
  }

  /** Keeps a layer; gives its top back. */
  add<T extends Top | LayerCall>(layer: T): T {
    this.#layers.push(layer);
    return layer;
  }

  get param(): NetParameter {
    return new NetSpec({}, this.#net).add(...this.#layers).toProto();
  }
}

/** A layer's name, and that of its top. */
export function named<const N extends string>(name: N): { readonly name: N; readonly top: [N] } {
  return { name, top: [name] };
}

/** What is subtracted from blue, green and red where a model says nothing else. */
const IMAGENET_MEAN: readonly number[] = [104, 117, 123];

/** Images and labels of ILSVRC 2012: mirrored random crops to train on, the centre to test on. */
export function imagenet(
  net: Writer,
  {
    crop,
    batch,
    testBatch,
    mean = IMAGENET_MEAN,
    scale,
  }: {
    readonly crop: number;
    readonly batch: number;
    readonly testBatch: number;
    readonly mean?: readonly number[];
    readonly scale?: number;
  },
): readonly [data: Top, label: Top] {
  const data = (phase: "TRAIN" | "TEST", part: string, batch_size: number): readonly [Top, Top] =>
    L.Data({
      name: "data",
      top: ["data", "label"],
      ntop: 2,
      include: { phase },
      transform_param: {
        mirror: phase === "TRAIN",
        crop_size: crop,
        mean_value: mean,
        ...(scale !== undefined && { scale }),
      },
      source: `data/ilsvrc12/ilsvrc12_${part}_lmdb`,
      batch_size,
      backend: "LMDB",
    });
  const train = data("TRAIN", "train", batch);
  net.add(train[0]);
  net.add(data("TEST", "val", testBatch)[0]);
  return train;
}

/** A batch of images, and how these are prepared: it is said where training subtracts a mean or scales. */
export function input(
  net: Writer,
  dim: readonly number[],
  { mean, scale }: { readonly mean?: readonly number[]; readonly scale?: number } = {},
): Top {
  const transform_param = {
    ...(mean && { mean_value: mean }),
    ...(scale !== undefined && { scale }),
  };
  const isPrepared = Object.keys(transform_param).length > 0;
  return net.add(
    L.Input({ ...named("data"), ...(isPrepared && { transform_param }), shape: { dim } }),
  );
}

/** ILSVRC's 1000 scores, by a 1×1 convolution of the averages over all places. */
export function averagedScores(net: Writer, bottom: Top, pool: string, scores: string): Top {
  const averages = net.add(
    L.Pooling(bottom, { ...named(pool), pool: "AVE", global_pooling: true }),
  );
  return net.add(
    L.Convolution(averages, {
      ...named(scores),
      num_output: 1000,
      kernel_size: 1,
      weight_filler: { type: "msra" },
    }),
  );
}

/** The loss of class scores, and in TEST how often the right class is first and among the first five. */
export function judge(net: Writer, scores: Top, label: Top): void {
  net.add(L.SoftmaxWithLoss(scores, label, named("loss")));
  accuracy(net, scores, label, "accuracy", 1);
  accuracy(net, scores, label, "accuracy_top5", 5);
}

export function accuracy(net: Writer, scores: Top, label: Top, name: string, top_k: number): void {
  net.add(L.Accuracy(scores, label, { ...named(name), include: { phase: "TEST" }, top_k }));
}

/** A model that classifies ILSVRC's images: the body is written twice, between data and loss and between input and softmax. */
export function classifier(
  model: Pick<Model, "name" | "title" | "solver"> & {
    readonly netName: string;
    readonly body: (net: Writer, data: Top) => Top;
    readonly crop: number;
    readonly batch: number;
    readonly testBatch: number;
    readonly mean?: readonly number[];
    readonly scale?: number;
    readonly deployBatch?: number;
    /** What the train net has besides, from its writer and its label. */
    readonly aside?: (net: Writer, label: Top) => void;
  },
): Model {
  const { netName, body, crop } = model;
  const train = new Writer(netName);
  const [data, label] = imagenet(train, model);
  judge(train, body(train, data), label);
  model.aside?.(train, label);
  const deploy = new Writer(netName);
  const { mean = IMAGENET_MEAN, scale } = model;
  const preparation = { mean, ...(scale !== undefined && { scale }) };
  const images = input(deploy, [model.deployBatch ?? 1, 3, crop, crop], preparation);
  const scores = body(deploy, images);
  deploy.add(L.Softmax(scores, named("prob")));
  return { ...model, trainVal: train.param, deploy: deploy.param };
}

/** A prototxt file: what it is, and the net. */
export function prototxtOf(title: string, param: NetParameter): string {
  return `# ${title}\n${compactNet(param)}`;
}
