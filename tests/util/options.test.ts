import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import {
  Classifier,
  createEngines,
  Detector,
  dotOf,
  drawNet,
  drawNetToFile,
  errors,
  getModel,
  io,
  Net,
  openGpu,
  parsePrototxt,
  printPrototxt,
  Solver,
  setRandomSeed,
  summarize,
  withPlaceholders,
} from "../../src/index.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const folder = temporaryFolder();

const TEXT = `name: "net"
  layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 3 dim: 4 dim: 4 } } }
  layer { name: "pool" type: "Pooling" bottom: "data" top: "pool" pooling_param { pool: AVE global_pooling: true } }`;
const file = join(folder, "net.prototxt");
writeFileSync(file, TEXT);
const param = parsePrototxt("NetParameter", TEXT);
/** Options as a program in JavaScript may write them. */
const wrong = (...names: string[]): never =>
  Object.fromEntries(names.map((name) => [name, "x"])) as never;

test("an option of an unknown name is an error with the nearest name", async () => {
  const net = new Net(file);
  const classifier = new Classifier(file);
  const image = { shape: [4, 4, 3], data: new Float32Array(48) } as const;
  const uses: [() => unknown, string][] = [
    [() => new Net(file, wrong("wieghts")), 'Net has no option "wieghts". Did you mean "weights"?'],
    [() => Net.parse(TEXT, wrong("stage")), 'no option "stage". Did you mean "stages"?'],
    [() => new Net(file, "TEST" as never), 'the options of Net are "TEST". Expected an object'],
    [() => new Net(file, null as never), "the options of Net are null"],
    [() => Solver.parse("", wrong("logs")), 'Solver has no option "logs". Did you mean "log"?'],
    [
      () => new Classifier(file, wrong("raw_scale")),
      'no option "raw_scale". Did you mean "rawScale"?',
    ],
    [() => new Classifier(file, wrong("phase")), 'Classifier has no option "phase"'],
    [() => new Detector(file, wrong("contextpad")), 'Did you mean "contextPad"?'],
    [() => new io.Transformer([1, 3, 4, 4], wrong("means")), 'Did you mean "mean"?'],
    [() => dotOf(param, wrong("rankDir")), 'Did you mean "rankdir"?'],
    [() => drawNet(param, wrong("shape")), 'Did you mean "shapes"?'],
    [() => net.forward({}, wrong("ends")), 'forward has no option "ends". Did you mean "end"?'],
    [() => net.forwardAll({ data: [image] }, wrong("blob")), 'Did you mean "blobs"?'],
    [() => classifier.classify(image, wrong("label")), 'Did you mean "labels"?'],
    [() => createEngines(wrong("prefers")), 'Did you mean "prefer"?'],
    [() => openGpu(wrong("halfs")), "openGpu has no option"],
    [() => getModel("lenet", folder, wrong("url")), 'getModel has no option "url"'],
    [() => new Net(file, wrong("toString")), 'Net has no option "toString"'],
  ];
  for (const [use, message] of uses) {
    const failure = await Promise.resolve()
      .then(use)
      .then(
        () => undefined,
        (error: unknown) => error,
      );
    expect(failure, message).toBeInstanceOf(errors.CaffeError);
    expect((failure as Error).message).toContain(message);
  }
});

test("an option of another kind is an error, and one that is undefined is left out", async () => {
  const net = new Net(file);
  const solver = Solver.parse(`lr_policy: "fixed" base_lr: 0.1 net: "${file}"`);
  const options: [object, string][] = [
    [{ phase: "train" }, 'the option phase of Net is "train". Expected "TRAIN" or "TEST".'],
    [{ phase: 0 }, "phase of Net is 0"],
    [{ dtype: "float64" }, 'dtype of Net is "float64". Expected "f32" or "f64".'],
    [{ stages: "deploy" }, 'stages of Net is "deploy". Expected an array of strings.'],
    [{ level: "1" }, 'level of Net is "1". Expected a whole number.'],
    [{ seed: Number.NaN }, "seed of Net is NaN. Expected a whole number."],
    [{ fuse: "false" }, 'fuse of Net is "false". Expected true or false.'],
    [
      { engines: Promise.resolve([]) },
      "engines of Net is a Promise. Expected what createEngines()",
    ],
    [{ engines: "native" }, "engines of Net is"],
    [{ log: console }, "log of Net is"],
    [{ weights: null }, "null is given as weights. Expected a file"],
    [{ weights: Buffer.alloc(3) }, "a Buffer is given as weights."],
  ];
  for (const [given, message] of options) expect(() => new Net(file, given)).toThrow(message);
  const uses: [() => unknown, string][] = [
    [() => Solver.parse("", { weights: "a.caffemodel" as never }), "Expected an array of strings."],
    [() => createEngines({ threads: "2" as never }), "threads is 2. Expected a whole number"],
    [() => net.forward({}, { end: 1 as never }), "end of forward is 1. Expected a string."],
    [() => net.forward({}, { blobs: "pool" as never }), "blobs of forward is"],
    [() => net.forward({ data: undefined as never }), "undefined is given as numbers. Expected a"],
    [() => net.forward({ data: "0123" as never }), '"0123" is given as numbers.'],
    [() => net.forward({ data: ["a", "b"] as never }), '"a" is given as numbers.'],
    [() => net.forward({ data: [[1, undefined]] as never }), "undefined is given as numbers."],
    [() => net.forward({ data: { shape: [48] } as never }), "whose data is undefined. Expected"],
    [() => net.forward({ data: { data: [1] } as never }), "an object is given as numbers."],
    [() => net.forward({ data: { shape: 48, data: [1] } as never }), "whose shape is 48"],
    [() => net.blob(undefined as never), '"undefined"'],
    [() => net.copyFrom(undefined as never), "undefined is given as weights."],
    [() => solver.step(undefined as never), "step is given undefined. Expected how many"],
    [() => solver.step(2.5), "step is given 2.5."],
    [() => setRandomSeed("7" as never), 'setRandomSeed is given "7". Expected a whole number.'],
    [() => solver.request("STOP" as never), '"STOP" is asked for. Expected "stop" or "snapshot".'],
  ];
  for (const [use, message] of uses) {
    const failure: unknown = await Promise.resolve()
      .then(use)
      .catch((error: unknown) => error);
    expect(failure, message).toBeInstanceOf(errors.CaffeError);
    expect((failure as Error).message).toContain(message);
  }
  new Net(file, { phase: undefined, seed: undefined } as never).close();
});

test("a file is taken where a net is wanted, and what is neither is said", async () => {
  expect(dotOf(file)).toBe(dotOf(param));
  expect(withPlaceholders(file)).toEqual(withPlaceholders(param));
  const shapes = summarize(new Net(file)).map(({ topShapes }) => topShapes);
  expect(summarize(file).map(({ topShapes }) => topShapes)).toEqual(shapes);
  expect(summarize(param).map(({ topShapes }) => topShapes)).toEqual(shapes);
  for (const name of ["net.SVG", "net.svg"]) await drawNetToFile(file, join(folder, name));
  await drawNetToFile(file, join(folder, "net.PNG"));
  const [svg, png] = ["net.SVG", "net.PNG"].map((name) => readFileSync(join(folder, name)));
  expect(svg?.toString()).toContain("pool");
  expect(svg).toEqual(readFileSync(join(folder, "net.svg")));
  expect(png?.subarray(1, 4).toString()).toBe("PNG");
  const neither = "Expected its prototxt file, or its parameter";
  for (const given of [new Net(file), undefined, 3, null]) {
    expect(() => dotOf(given as never)).toThrow(neither);
    expect(() => withPlaceholders(given as never)).toThrow(neither);
  }
  expect(() => new Net(undefined as never)).toThrow(neither);
  expect(() => summarize(undefined as never)).toThrow(neither);
  expect(() => dotOf(join(folder, "none.prototxt"))).toThrow("no such file");
});

test("arguments that are exchanged are said to be", () => {
  expect(() => printPrototxt({ layer: [] } as never, "NetParameter" as never)).toThrow(
    "object is given as the name of a message. Expected one of caffe.proto, before the message or its text",
  );
  expect(() => parsePrototxt(TEXT as never, "NetParameter")).toThrow("as the name of a message");
  expect(() => printPrototxt("NetParamter" as never, {} as never)).toThrow(
    'Did you mean "NetParameter"?',
  );
});

test("a mean may be a file, and images too", async () => {
  const [mean, npy] = [join(folder, "mean.binaryproto"), join(folder, "mean.NPY")];
  const values = { shape: [3, 4, 4], data: Float32Array.from({ length: 48 }, (_, i) => i % 7) };
  io.writeMean(mean, values);
  const header = `${"{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4, 4), }".padEnd(117)}\n`;
  writeFileSync(
    npy,
    Buffer.concat([
      Buffer.from("\x93NUMPY\x01\x00v\x00", "latin1"),
      Buffer.from(header),
      Buffer.from(values.data.buffer),
    ]),
  );
  const picture = join(folder, "picture.png");
  const pixels = Float32Array.from({ length: 48 }, (_, i) => (i % 5) / 5);
  await io.saveImage(picture, { shape: [4, 4, 3], data: pixels });
  const image = await io.loadImage(picture);
  const scores = async (options: object, given: unknown): Promise<number[]> => {
    using classifier = new Classifier(file, { rawScale: 255, ...options });
    return Array.from((await classifier.predict(given as never, false)).values());
  };
  const right = await scores({ mean: values }, [image]);
  for (const given of [image, picture, [picture]]) {
    for (const one of [mean, npy]) expect(await scores({ mean: one }, given)).toEqual(right);
  }
  expect(await scores({ mean }, [image, picture])).toEqual([...right, ...right]);
  using classifier = new Classifier(file, { mean });
  expect(await classifier.classify(picture, { top: 1 })).toHaveLength(1);
  const neither = "Expected H×W×K, as loadImage gives it";
  for (const given of [
    3,
    [[1, 2]],
    [{ shape: [4, 4], data: pixels }],
    undefined,
    [{ data: pixels }],
  ]) {
    await expect(classifier.predict(given as never)).rejects.toThrow(neither);
  }
  await expect(classifier.predict([join(folder, "none.png")])).rejects.toThrow("no such file");
  using detector = new Detector(file);
  const windows = [{ top: 0, left: 0, bottom: 2, right: 2 }];
  await expect(detector.detectWindows([{ image: [1] as never, windows }])).rejects.toThrow(neither);
  expect(() => new Classifier(file, { mean: 3 as never })).toThrow("mean is 3. Expected one value");
  expect(() => new Classifier(file, { mean: join(folder, "none.npy") })).toThrow("no such file");
});

test("a gradient that is not computed is refused, and an option asks for it", async () => {
  const scores = { pool: [1, 2, 3] };
  await expect(new Net(file).backward(scores)).rejects.toThrow("Expected force_backward: true");
  const forced = new Net(file, { forceBackward: true });
  await forced.forward();
  const { data } = await forced.backward<"data">(scores);
  expect(data.at(0, 2, 0, 0)).toBe(0); // its data; the gradient is beside it
  expect(data.diffValues()[47]).toBeCloseTo(3 / 16, 6);
  const text = `name: "train"
    layer { name: "in" type: "Input" top: "x" top: "t" input_param { shape { dim: 2 dim: 3 } shape { dim: 2 dim: 1 } } }
    layer { name: "ip" type: "InnerProduct" bottom: "x" top: "y" inner_product_param { num_output: 1 } }
    layer { name: "loss" type: "EuclideanLoss" bottom: "y" bottom: "t" top: "loss" }`;
  const net = Net.parse(text);
  await net.forward();
  const result = await net.backward<"x" | "t">({ loss: [1] });
  expect(Object.keys(result)).toEqual([]);
  expect(() => result.x).toThrow(
    'net "train": backward computes no gradient of "x". Expected force_backward',
  );
  await expect(net.backward({}, { blobs: ["x"] })).rejects.toThrow("force_backward");
  const inputs = { x: [[1, 2, 3]], t: [[1]] };
  const { diffs } = await net.forwardBackwardAll(inputs, { y: [[1]] });
  expect(() => diffs["x"]).toThrow("force_backward");
  await expect(net.forwardBackwardAll(inputs, { y: [[1]] }, { diffs: ["x"] })).rejects.toThrow(
    "force_backward",
  );
  const { y } = await net.backward<"y">({}, { blobs: ["y"] });
  expect(y.shape).toEqual([2, 1]);
});

test("silent: true logs nothing, whoever takes the log", () => {
  const lines: string[] = [];
  const log = (_severity: string, _source: string, line: string): void => {
    lines.push(line);
  };
  new Net(file, { log, silent: true }).close();
  new Solver({ net: file, lr_policy: "fixed", base_lr: 0.1 }, { log, silent: true }).close();
  expect(lines).toEqual([]);
  new Net(file, { log }).close();
  expect(lines.length).toBeGreaterThan(0);
});
