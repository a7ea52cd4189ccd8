// What an install without a compiler has to do, with the installed package alone: the native engine trains LeNet on an LMDB that
// convert_imageset made of JPEG pictures, and what it learned serves.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { createEngines, io, Net } from "caffe-ts";

const folder = dirname(fileURLToPath(import.meta.url));
const own = join(folder, "node_modules/caffe-ts");
const check = (what, isRight) => {
  if (!isRight) throw new Error(`${what}: it is not so`);
  console.log(`ok ${what}`);
};
const caffe = (...args) => {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(own, "bin/caffe"), ...args],
    {
      cwd: folder,
      encoding: "utf8",
    },
  );
  if (status !== 0) throw new Error(`caffe ${args[0]}: ${stderr}`);
  return stdout + stderr;
};

check("nothing was compiled", !existsSync(join(own, "build")));
check("the native engine serves", /Engine native: oneDNN 3/.test(caffe("device_query")));
createEngines({ prefer: "native" });

// Pictures of two kinds: brighter above, brighter below.
mkdirSync(join(folder, "pictures"), { recursive: true });
const lines = [];
for (let i = 0; i < 128; i++) {
  const data = Float32Array.from({ length: 784 }, (_, at) => {
    const isAbove = at < 392;
    return isAbove === (i % 2 === 0) ? 200 + (i % 50) : i % 50;
  });
  await io.saveImage(join(folder, `pictures/${i}.jpg`), {
    shape: [28, 28, 1],
    data: data.map((x) => x / 255),
  });
  lines.push(`${i}.jpg ${i % 2}`);
}
writeFileSync(join(folder, "list.txt"), `${lines.join("\n")}\n`);
caffe("convert_imageset", "--gray", "pictures/", "list.txt", "pictures_lmdb");
check(
  "pictures go into an LMDB",
  /128 records|records +128|128/.test(caffe("dataset", "info", "pictures_lmdb")),
);

const lenet = (source) => `name: "LeNet"
${source}
layer { name: "conv1" type: "Convolution" bottom: "data" top: "conv1" convolution_param { num_output: 20 kernel_size: 5 weight_filler { type: "xavier" } } }
layer { name: "pool1" type: "Pooling" bottom: "conv1" top: "pool1" pooling_param { pool: MAX kernel_size: 2 stride: 2 } }
layer { name: "conv2" type: "Convolution" bottom: "pool1" top: "conv2" convolution_param { num_output: 50 kernel_size: 5 weight_filler { type: "xavier" } } }
layer { name: "pool2" type: "Pooling" bottom: "conv2" top: "pool2" pooling_param { pool: MAX kernel_size: 2 stride: 2 } }
layer { name: "ip1" type: "InnerProduct" bottom: "pool2" top: "ip1" inner_product_param { num_output: 500 weight_filler { type: "xavier" } } }
layer { name: "relu1" type: "ReLU" bottom: "ip1" top: "ip1" }
layer { name: "ip2" type: "InnerProduct" bottom: "ip1" top: "ip2" inner_product_param { num_output: 2 weight_filler { type: "xavier" } } }
`;
writeFileSync(
  join(folder, "train.prototxt"),
  `${lenet('layer { name: "data" type: "Data" top: "data" top: "label" transform_param { scale: 0.00390625 } data_param { source: "pictures_lmdb" batch_size: 32 backend: LMDB } }')}
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip2" bottom: "label" top: "loss" }`,
);
writeFileSync(
  join(folder, "solver.prototxt"),
  'net: "train.prototxt" base_lr: 0.01 momentum: 0.9 lr_policy: "fixed" max_iter: 40 display: 10 random_seed: 1 snapshot_prefix: "lenet"',
);
caffe("train", "--solver=solver.prototxt");
const input =
  'layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 1 dim: 28 dim: 28 } } }';
const net = Net.parse(
  `${lenet(input)}layer { name: "prob" type: "Softmax" bottom: "ip2" top: "prob" }`,
  { weights: join(folder, "lenet_iter_40.caffemodel") },
);
for (const i of [0, 1]) {
  const { data } = await io.loadImage(join(folder, `pictures/${i}.jpg`), false);
  const { prob } = await net.forward({ data });
  check(`picture ${i} is known again`, prob.toArray()[0][i] > 0.9);
}
net.close();
