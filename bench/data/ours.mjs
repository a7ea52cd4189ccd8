// Reads batches ahead as a Data layer does, and takes them as fast as they come.
// node bench/data/ours.mjs DATABASE IMAGES BATCH CROP WORKERS: prints images a second and CPU microseconds an image.
// With 0 workers raw records are read when they are asked for.
import { prefetch } from "../../dist/io/prefetch/prefetch.js";

const [source, ...numbers] = process.argv.slice(2);
const [images, batchSize, cropSize, workers] = numbers.map(Number);
const isCropped = cropSize > 0;
const mean = { shape: [1, 3, 256, 256], data: new Float32Array(3 * 256 * 256).fill(120) };
const plan = {
  kind: "database",
  source,
  batchSize,
  transform: {
    scale: isCropped ? 1 : 0.00390625,
    mirror: isCropped,
    cropSize,
    mean: isCropped ? mean : undefined,
    meanValues: [],
    phase: "TRAIN",
  },
  color: "unchanged",
  hasLabels: true,
  seed: 1,
  stream: "data",
  start: 0,
  shard: { rank: 0, count: 1 },
};
const shape = isCropped ? [batchSize, 3, cropSize, cropSize] : [batchSize, 1, 28, 28];
const options = {
  depth: 4,
  workers,
  isDecoded: isCropped,
  shapes: [shape, [batchSize]],
  dtype: "f32",
  name: source,
  log() {},
};
const reader = prefetch(plan, options);
// The threads start, and their code gets warm.
for (let i = 0; i < 8; i++) await reader.next();
const batches = Math.ceil(images / batchSize);
const [begin, worked] = [performance.now(), process.cpuUsage()];
for (let i = 0; i < batches; i++) await reader.next();
const { user, system } = process.cpuUsage(worked);
const count = batches * batchSize;
console.log(count / ((performance.now() - begin) / 1000), (user + system) / count);
reader.close();
