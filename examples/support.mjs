// What the examples share: a folder to work in, the caffe command, and Fashion-MNIST.
import { spawn } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const CAFFE = fileURLToPath(new URL("../bin/caffe", import.meta.url));
const FASHION = "/usr/share/datasets/fashion-mnist";
export const CLASSES = "T-shirt Trouser Pullover Dress Coat Sandal Shirt Sneaker Bag Boot".split(
  " ",
);

/**
 * Opens the example whose run.mjs is at `url`: its prototxt files are copied to a folder to work in, `work/` beside
 * it or --work=FOLDER. With --short it is to do little, for tests.
 */
export function openExample(url) {
  const { values } = parseArgs({
    options: { work: { type: "string" }, short: { type: "boolean", default: false } },
  });
  const folder = fileURLToPath(new URL(".", url));
  const work = resolve(values.work ?? join(folder, "work"));
  mkdirSync(work, { recursive: true });
  for (const name of readdirSync(folder)) {
    if (name.endsWith(".prototxt")) cpSync(join(folder, name), join(work, name));
  }
  return new Example(work, values.short);
}

class Example {
  constructor(work, isShort) {
    this.work = work;
    this.isShort = isShort;
  }

  path(...names) {
    return join(this.work, ...names);
  }

  has(name) {
    return existsSync(this.path(name));
  }

  /** Runs `caffe` in the work folder, shows what it says as it says it, and returns that; ends with it where it fails. */
  async caffe(...args) {
    console.log(`\n$ caffe ${args.join(" ")}`);
    const child = spawn(process.execPath, [CAFFE, ...args.map(String)], { cwd: this.work });
    let said = "";
    for (const name of ["stdout", "stderr"]) {
      child[name].setEncoding("utf8").on("data", (text) => {
        said += text;
        process[name].write(text);
      });
    }
    const status = await new Promise((resolve) => child.on("close", resolve));
    if (status !== 0) process.exit(status ?? 1);
    return said;
  }

  /** Writes a solver with other values for some of its fields, as a short run needs. */
  changeSolver(name, fields) {
    let text = readFileSync(this.path(name), "utf8");
    for (const [field, value] of Object.entries(fields)) {
      text = text.replace(new RegExp(`^${field}:.*$`, "m"), `${field}: ${value}`);
    }
    writeFileSync(this.path(name), text);
  }
}

/** Fashion-MNIST's IDX files of images and labels, of its training or its test part. */
export function fashion(part) {
  const prefix = part === "train" ? "train" : "t10k";
  const files = ["images-idx3", "labels-idx1"].map(
    (what) => `${FASHION}/${prefix}-${what}-ubyte.gz`,
  );
  if (!files.every((file) => existsSync(file))) {
    console.error(`Fashion-MNIST is not at ${FASHION}. Install Debian's dataset-fashion-mnist.`);
    process.exit(1);
  }
  return files;
}

/** The last value that a log gives for a name: `accuracy = 0.9`. */
export function lastValue(log, name) {
  return Number([...log.matchAll(new RegExp(`\\b${name} = (\\S+)`, "g"))].at(-1)?.[1]);
}
