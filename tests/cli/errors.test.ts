// Bad input to every command: one clear error, its exit code, and nothing left behind.
import { readdirSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { createLmdb } from "../../src/io/db/lmdb/create.ts";
import { writeFileAtomically } from "../../src/io/files/atomic-file.ts";
import { encodeCaffemodel } from "../../src/io/weights/caffemodel.ts";
import { caffe, caffeHere } from "../support/cli.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const folder = temporaryFolder();
const path = (name: string): string => join(folder, name);
const write = (name: string, text: string): void => writeFileSync(path(name), text);

const DATA =
  'layer { name: "data" type: "DummyData" top: "x" top: "t" dummy_data_param { shape { dim: 2 dim: 3 dim: 4 dim: 4 } shape { dim: 2 } } }\n';
const IP =
  'layer { name: "ip" type: "InnerProduct" bottom: "x" top: "ip" inner_product_param { num_output: 2 } }\n';
const LOSS =
  'layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "t" top: "loss" }\n';
const solver = (name: string, net: string, more = "max_iter: 2"): void => {
  write(`${name}_net.prototxt`, net);
  write(
    `${name}.prototxt`,
    `net: "${name}_net.prototxt" base_lr: 0.1 lr_policy: "fixed" snapshot_prefix: "out" ${more}\n`,
  );
};

beforeAll(async () => {
  solver("good", DATA + IP + LOSS);
  solver(
    "misspelt",
    `${DATA}layer {\n  name: "c" type: "Convolution" bottom: "x" top: "ip"\n  convolution_param { num_output: 2 kernal_size: 3 }\n}\n`,
  );
  solver("unknown_type", `${DATA}layer { name: "r"\n type: "Relu" bottom: "x" top: "y" }`);
  solver(
    "wrong_shape",
    `${DATA}${IP}layer { name: "e" type: "EuclideanLoss" bottom: "ip" bottom: "x" }`,
  );
  solver(
    "negative_kernel",
    `${DATA}layer { name: "c" type: "Convolution" bottom: "x" top: "ip" convolution_param { num_output: 2 kernel_size: -3 } }`,
  );
  solver("unknown_bottom", `${DATA}layer { name: "r" type: "ReLU" bottom: "xx" top: "y" }`);
  solver("zero_iter", DATA + IP + LOSS, "max_iter: 0");
  solver("read_only", DATA + IP + LOSS, "max_iter: 2 snapshot: 1");
  write(
    "read_only.prototxt",
    'net: "read_only_net.prototxt" base_lr: 0.1 lr_policy: "fixed" max_iter: 2 snapshot: 1 snapshot_prefix: "/proc/caffe"',
  );
  write(
    "no_folder.prototxt",
    'net: "good_net.prototxt" base_lr: 0.1 lr_policy: "fixed" max_iter: 2 snapshot: 1 snapshot_prefix: "no/such/folder/x"',
  );
  for (const name of ["short_db", "format2_db"]) {
    const writer = createLmdb(path(name));
    for (let i = 0; i < 500; i++) await writer.put(String(i).padStart(8, "0"), new Uint8Array(100));
    await writer.finish();
    solver(
      name,
      `layer { name: "data" type: "Data" top: "x" top: "t" data_param { source: "${name}" batch_size: 2 backend: LMDB } }\n${IP}${LOSS}`,
    );
  }
  truncateSync(join(path("short_db"), "data.mdb"), 20_000);
  const { readFileSync } = await import("node:fs");
  const bytes = readFileSync(join(path("format2_db"), "data.mdb"));
  bytes.writeUInt32LE(2, 20);
  writeFileSync(join(path("format2_db"), "data.mdb"), bytes);
  const model = Buffer.concat(
    encodeCaffemodel({
      layer: [
        {
          name: "ip",
          type: "InnerProduct",
          blobs: [{ shape: { dim: [2, 48] }, data: new Float32Array(96) }],
        },
      ],
    }),
  );
  writeFileAtomically(path("cut.caffemodel"), [model.subarray(0, model.length - 50)]);
  writeFileAtomically(path("other.caffemodel"), [model]);
});

describe("bad input gives one clear error, exit code 1, no stack, and leaves nothing", () => {
  test.each([
    [
      "a missing solver",
      ["train", "--solver=none.prototxt"],
      'solver file "none.prototxt" cannot be read: no such file or directory.',
    ],
    ["no solver", ["train"], "Need a solver definition to train."],
    [
      "a misspelt field",
      ["train", "--solver=misspelt.prototxt"],
      'misspelt_net.prototxt:4:37: Message type "caffe.ConvolutionParameter" has no field named "kernal_size". Did you mean "kernel_size"?',
    ],
    [
      "an unknown layer type",
      ["train", "--solver=unknown_type.prototxt"],
      'unknown_type_net.prototxt:2: layer "r" (Relu): Unknown layer type: Relu. Did you mean "ReLU"? (known types: ',
    ],
    [
      "a wrong shape",
      ["train", "--solver=wrong_shape.prototxt"],
      'wrong_shape_net.prototxt:3: layer "e" (EuclideanLoss): bottoms of shapes (2,2) and (2,3,4,4).',
    ],
    [
      "a negative kernel",
      ["train", "--solver=negative_kernel.prototxt"],
      "negative_kernel_net.prototxt:2:108: ConvolutionParameter.kernel_size is -3. Expected a whole number, 0 or more.",
    ],
    [
      "an unknown bottom",
      ["train", "--solver=unknown_bottom.prototxt"],
      "unknown_bottom_net.prototxt: Unknown bottom blob 'xx' (layer 'r', bottom index 0). Did you mean \"x\"?",
    ],
    [
      "a zero max_iter",
      ["train", "--solver=zero_iter.prototxt"],
      "zero_iter.prototxt: max_iter is 0. Expected 1 or more; or 0, with a test_interval, to test alone.",
    ],
    [
      "a truncated caffemodel",
      ["train", "--solver=good.prototxt", "--weights=cut.caffemodel"],
      "cut.caffemodel: a field of",
    ],
    [
      "another net's weights",
      ["train", "--solver=good.prototxt", "--weights=other.caffemodel"],
      "Incompatible number of blobs for layer ip",
    ],
    [
      "a missing caffemodel",
      ["test", "--model=good_net.prototxt", "--weights=none.caffemodel"],
      'weights file "none.caffemodel" cannot be read',
    ],
    [
      "a truncated LMDB",
      ["train", "--solver=short_db.prototxt"],
      "short_db/data.mdb: the file has 20000 bytes, and its head says",
    ],
    [
      "an LMDB of format 2",
      ["train", "--solver=format2_db.prototxt"],
      "format2_db/data.mdb: it is of LMDB data format 2. Expected 1",
    ],
    [
      "an unwritable snapshot prefix",
      ["train", "--solver=no_folder.prototxt"],
      "Cannot write to snapshot prefix 'no/such/folder/x'.  Make sure that the directory exists and is writable",
    ],
    [
      "a read-only directory",
      ["train", "--solver=read_only.prototxt"],
      "Cannot write to snapshot prefix '/proc/caffe'",
    ],
    [
      "a caffemodel as snapshot",
      ["train", "--solver=good.prototxt", "--snapshot=other.caffemodel"],
      "other.caffemodel: ",
    ],
    [
      "snapshot and weights",
      ["train", "--solver=good.prototxt", "--snapshot=a", "--weights=b"],
      "Give a snapshot to resume training or weights to finetune but not both.",
    ],
    [
      "train with a list of weights that names none",
      ["train", "--solver=good.prototxt", "--weights=,"],
      '--weights is ",", which names nothing. Expected names separated by commas.',
    ],
    [
      "test with a list of weights that names none",
      ["test", "--model=good_net.prototxt", "--weights=,"],
      '--weights is ",", which names nothing. Expected names separated by commas.',
    ],
    [
      "time with a list of weights that names none",
      ["time", "--model=good_net.prototxt", "--weights=,"],
      '--weights is ",", which names nothing. Expected names separated by commas.',
    ],
    [
      "a list of stages that names none",
      ["train", "--solver=good.prototxt", "--stage=,"],
      '--stage is ",", which names nothing.',
    ],
    ["an unknown command", ["trian"], 'Unknown action: trian. Did you mean "train"?'],
    [
      "an unknown flag",
      ["train", "--sovler=x"],
      "Unknown flag --sovler. Did you mean --solver? See caffe help train.",
    ],
    [
      "a flag like no other",
      ["models", "list", "--qq"],
      "Unknown flag --qq. See caffe help models.",
    ],
    [
      "a word that is missing",
      ["eval"],
      "A file, a folder or another word is missing. See caffe help eval.",
    ],
    ["a flag of no command", ["--verson"], "Unknown flag --verson. Did you mean --version?"],
    [
      "two solvers",
      ["train", "good.prototxt", "--solver=good.prototxt"],
      "good.prototxt and --solver=good.prototxt are both given.",
    ],
    [
      "a flag for pictures without any",
      ["train", "good.prototxt", "--model=squeezenet"],
      "--model is for what --images makes.",
    ],
    [
      "pictures and a solver",
      ["train", "good.prototxt", "--images=x"],
      "--images and a solver are both given.",
    ],
    ["no model", ["time"], "Need a model definition."],
    [
      "several GPUs",
      ["time", "--model=good_net.prototxt", "--gpu=0,1"],
      "--gpu is 0,1. Expected the number of one GPU; caffe device_query lists them.",
    ],
    [
      "a GPU and another engine",
      ["time", "--model=good_net.prototxt", "--gpu=0", "--engine=native"],
      "--gpu 0 with --engine native. Expected one of the two.",
    ],
    [
      "no threads",
      ["device_query", "--threads=0"],
      "--threads is 0. Expected a whole number, 1 or more.",
    ],
    ["a stray word", ["time", "extra", "--model=good_net.prototxt"], "Unknown"],
    [
      "IDX files that are none",
      ["convert_mnist_data", "good.prototxt", "good.prototxt", "new_db"],
      "good.prototxt: it does not begin as an IDX file",
    ],
  ])("%s", async (_name, args, message) => {
    const before = readdirSync(folder).sort();
    const { status, stderr } = await caffeHere(args, folder);
    const last = stderr.trimEnd().split("\n").at(-1) ?? "";
    expect(last).toContain("caffe: ");
    expect(last).toContain(message);
    expect(stderr).not.toMatch(/^ +at /m);
    expect(status).toBe(1);
    expect(readdirSync(folder).sort()).toEqual(before);
  });

  test("--debug shows where an error came from", async () => {
    const { stderr } = await caffeHere(["train", "--solver=none.prototxt", "--debug"], folder);
    expect(stderr).toMatch(/^ +at /m);
  });
});

describe("caffe", () => {
  test("as a process it ends as it does here: status and streams", async () => {
    for (const args of [["--version"], ["train", "--help"], ["train", "--sovler=x"]]) {
      expect(caffe(args, folder)).toEqual(await caffeHere(args, folder));
    }
  });

  test("--help teaches, --version tells", async () => {
    const help = await caffeHere(["--help"]);
    expect(help.stdout).toContain("caffe train");
    const page = await caffeHere(["train", "--help"]);
    expect(page.stdout).toContain("go on from iteration 5000");
    expect(page.status).toBe(0);
    expect((await caffeHere(["--version"])).stdout).toMatch(/^\d+\.\d+\.\d+$/m);
  });

  test("alone and with help it shows a page, of a command its own flags first", async () => {
    const all = await caffeHere(["--help"]);
    for (const words of [[], ["help"]]) expect(await caffeHere(words)).toEqual(all);
    expect(all.status).toBe(0);
    const page = await caffeHere(["help", "models", "get"]);
    expect(page.status).toBe(0);
    expect(page).toEqual(await caffeHere(["models", "get", "--help"]));
    for (const { stdout } of [page, await caffeHere(["test", "--help"])]) {
      const [flags, everywhere] = ["Flags:", "Everywhere:"].map((title) => stdout.indexOf(title));
      expect(flags).toBeGreaterThan(0);
      expect(everywhere).toBeGreaterThan(flags as number);
      expect(stdout).not.toContain("Options:");
    }
  });

  test("device_query shows the engines", async () => {
    const { status, stderr } = await caffeHere(["device_query"]);
    expect(status).toBe(0);
    expect(stderr).toMatch(/CPU: .*\d+ threads/);
    expect(stderr).toMatch(/Engine native: /);
    expect(stderr).toMatch(/Engine wasm: WebAssembly with (relaxed )?SIMD/);
  });

  test.each([
    ["-model", "good_net.prototxt"],
    ["--model=good_net.prototxt"],
    ["-model=good_net.prototxt"],
  ])("time takes %s %s", async (...model) => {
    const { status, stderr } = await caffeHere(
      ["time", ...model, "-iterations", "2", "--engine", "reference"],
      folder,
    );
    expect(status, stderr).toBe(0);
    expect(stderr).toContain("*** Benchmark begins ***");
    expect(stderr).toMatch(/ {8}ip\tforward: [\d.e-]+ ms\.\treference/);
    expect(stderr).toMatch(/Average Forward-Backward: [\d.e-]+ ms\./);
  });
});
