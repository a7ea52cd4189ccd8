import type { CommandModule } from "yargs";
import type { Blob } from "../../blob/blob.ts";
import type { Backend } from "../../io/db/db.ts";
import { createDatabase } from "../../io/db/open.ts";
import { Hdf5RowWriter } from "../../io/hdf5/row-writer.ts";
import { encodeDatum } from "../../io/proto/datum.ts";
import type { Net } from "../../net/net.ts";
import { CaffeError } from "../../util/errors.ts";
import { countOf } from "../../util/shape.ts";
import { CountBar } from "../count-bar.ts";
import { listOf, whole } from "../flags.ts";
import { openNet } from "../open-net.ts";
import { type CommonFlags, Console, withCommonFlags } from "../session.ts";

interface ExtractFlags extends CommonFlags {
  readonly weights: string;
  readonly net: string;
  readonly blobs: string;
  readonly datasets: string;
  readonly batches: number;
  readonly db_type: string;
  readonly mode: string | undefined;
  readonly device: string | undefined;
}

/** Takes the features of one blob, sample by sample, and keeps them. */
interface FeatureWriter {
  /** @param shape of a sample */
  put(index: number, features: Float32Array, shape: readonly number[]): Promise<void>;
  finish(): Promise<void>;
  abandon(): Promise<void>;
}

/** `caffe extract_features`: what a net's layers make of its data. */
export const extractFeatures: CommandModule<object, ExtractFlags> = {
  command:
    "extract_features <weights> <net> <blobs> <datasets> <batches> <db_type> [mode] [device]",
  describe: "write what blobs of a net hold for each image to databases or HDF5 files",
  builder: (yargs) =>
    withCommonFlags(yargs)
      .positional("weights", { type: "string", demandOption: true, describe: "a .caffemodel" })
      .positional("net", {
        type: "string",
        demandOption: true,
        describe: "prototxt of a net that reads its data itself",
      })
      .positional("blobs", {
        type: "string",
        demandOption: true,
        describe: "names of blobs, separated by commas",
      })
      .positional("datasets", {
        type: "string",
        demandOption: true,
        describe: "a folder, or an HDF5 file, for each of them",
      })
      .positional(...whole("batches", { least: 1, demandOption: true, describe: "batches to run" }))
      .positional("db_type", {
        type: "string",
        choices: ["lmdb", "leveldb", "hdf5"],
        demandOption: true,
        describe: "what is written; HDF5 files hold a dataset of the blob's name",
      })
      .positional("mode", { type: "string", describe: "CPU (or GPU)" })
      .positional("device", { type: "string", describe: "DEVICE_ID=n of a GPU" })
      .example(
        "caffe extract_features caffenet.caffemodel net.prototxt fc6,fc7 fc6_lmdb,fc7_lmdb 10 lmdb",
        "two blobs in one pass",
      ) as never,
  handler: run,
};

async function run(flags: ExtractFlags): Promise<void> {
  const [blobs, datasets] = [listOf("blobs", flags.blobs), listOf("datasets", flags.datasets)];
  if (blobs.length !== datasets.length) {
    throw new CaffeError(
      `${blobs.length} blobs and ${datasets.length} datasets are given. the number of blob names and dataset names must be equal.`,
    );
  }
  const console = new Console();
  const log = (message: string): void => console.log("info", "extract_features", message);
  const gpu =
    flags.mode === "GPU" ? (flags.device ?? "DEVICE_ID=0").replace(/^\D*/, "") : flags.gpu;
  const open = { ...flags, gpu, model: flags.net, level: 0, stage: undefined };
  const net = await openNet(open, "TEST", console.log);
  const bar = new CountBar(console, "batches");
  try {
    for (const name of blobs) {
      if (!net.blobs.has(name)) {
        throw new CaffeError(
          `Unknown feature blob name ${name} in the network ${flags.net}. Expected one of ${net.blobNames.join(", ")}.`,
        );
      }
    }
    const writers: FeatureWriter[] = [];
    try {
      for (const [i, path] of datasets.entries()) {
        log(`Opening dataset ${path}`);
        writers.push(await openWriter(flags.db_type, path, blobs[i] ?? ""));
      }
      log("Extracting Features");
      const counts = await extract(net, blobs, writers, flags.batches, bar.update);
      for (const writer of writers) await writer.finish();
      counts.forEach((count, i) => {
        log(`Extracted features of ${count} query images for feature blob ${blobs[i]}`);
      });
    } catch (error) {
      for (const writer of writers) await writer.abandon();
      throw error;
    }
  } finally {
    bar.end();
    net.close();
  }
  log("Successfully extracted the features!");
}

/** Runs the batches and hands each blob's samples on; returns how many there were of each. */
async function extract(
  net: Net,
  blobs: readonly string[],
  writers: readonly FeatureWriter[],
  batches: number,
  onProgress: (done: number, total: number) => void,
): Promise<number[]> {
  const counts = blobs.map(() => 0);
  for (let batch = 0; batch < batches; batch++) {
    await net.forward();
    for (const [i, name] of blobs.entries()) {
      const blob = net.blob(name);
      await blob.dataMem.toHost();
      const values = Float32Array.from(blob.values());
      const size = blob.count(1);
      for (let n = 0; n < (blob.shape[0] ?? 1); n++) {
        const features = values.subarray(n * size, (n + 1) * size);
        await writers[i]?.put(counts[i] ?? 0, features, sampleShape(blob));
        counts[i] = (counts[i] ?? 0) + 1;
      }
    }
    onProgress(batch + 1, batches);
  }
  return counts;
}

function sampleShape(blob: Blob): readonly number[] {
  return blob.shape.slice(1);
}

async function openWriter(kind: string, path: string, name: string): Promise<FeatureWriter> {
  if (kind === "hdf5") {
    const writer = await Hdf5RowWriter.create(path, [name]);
    return {
      put: async (_index, features, shape) => writer.put(name, features, shape),
      finish: async () => writer.finish(),
      abandon: async () => writer.abandon(),
    };
  }
  const database = await createDatabase(path, kind as Backend);
  return {
    put(index, floatData, shape) {
      // The old four axes, as Caffe's tool has them.
      const [channels = 1, height = 1, width = 1] = shape;
      const rest = countOf(shape, 3);
      const datum = encodeDatum({ channels, height, width: width * rest, floatData });
      return database.put(String(index).padStart(10, "0"), datum);
    },
    finish: () => database.finish(),
    abandon: () => database.abandon(),
  };
}
