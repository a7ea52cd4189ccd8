import { launchedCount } from "../distributed/mpi-addon.ts";
import { type ListedAdapter, listAdapters } from "../engines/webgpu/device.ts";
import { CaffeError } from "../util/errors.ts";
import type { Log } from "../util/log.ts";
import type { CommonFlags, NumberedGpu } from "./session.ts";

/** The value of `--gpu` for every GPU of the machine. */
const ALL = "all";

/**
 * The GPUs that `--gpu` names where it names several, `0,1` or `all`; undefined for one, for none, and where mpirun has started
 * processes, each of which takes one.
 * @throws CaffeError where there is no such GPU, or one is named twice
 */
export async function severalGpus(
  { gpu, engine }: CommonFlags,
  log: Log,
): Promise<NumberedGpu[] | undefined> {
  if (!gpu || /^\d+$/.test(gpu)) return undefined;
  if (gpu !== ALL && !/^\d+(,\d+)+$/.test(gpu)) {
    throw new CaffeError(
      `--gpu is ${gpu}. Expected the number of a GPU, several as 0,1, or all; caffe device_query lists them.`,
    );
  }
  if (engine !== undefined && engine !== "webgpu") {
    throw new CaffeError(`--gpu ${gpu} with --engine ${engine}. Expected one of the two.`);
  }
  if (launchedCount(process.env) > 1) {
    if (gpu === ALL) return undefined;
    throw new CaffeError(
      `--gpu is ${gpu}, and mpirun has started several processes, each of which takes one GPU. Expected all, or one number for all.`,
    );
  }
  return gpu === ALL ? await openableGpus(log) : named(gpu, await listAdapters());
}

/** The GPUs of this machine that can be opened; of others there is a warning. */
export async function openableGpus(log: Log): Promise<NumberedGpu[]> {
  const adapters = await listAdapters();
  const all = adapters.map((one, number) => ({ ...one, number }));
  const hidden = all.filter(({ isHidden }) => isHidden);
  for (const { number, name } of hidden) {
    log(
      "warning",
      "caffe",
      `GPU ${number} is not used: it has the name of another, ${name}, and Dawn opens the first of a name alone.`,
    );
  }
  return all.filter(({ isHidden }) => !isHidden).map(({ number, name }) => ({ number, name }));
}

function named(gpu: string, adapters: readonly ListedAdapter[]): NumberedGpu[] {
  const numbers = gpu.split(",").map(Number);
  const missing = numbers.filter((number) => adapters[number] === undefined);
  if (missing.length > 0) {
    const there = adapters.map(({ name }, i) => `${i} (${name})`).join(", ");
    throw new CaffeError(
      `--gpu is ${gpu}, and there is no GPU ${missing.join(", ")}. Here ${there ? `are: ${there}` : "is none"}.`,
    );
  }
  const twice = numbers.find((number, i) => numbers.indexOf(number) < i);
  if (twice !== undefined) {
    throw new CaffeError(`--gpu is ${gpu}, which names GPU ${twice} twice. Expected each once.`);
  }
  const chosen = numbers.map((number) => ({ ...(adapters[number] as ListedAdapter), number }));
  const hidden = chosen.find(({ isHidden }) => isHidden);
  if (hidden) {
    throw new CaffeError(
      `--gpu is ${gpu}, and GPU ${hidden.number} has the name of one before it, ${hidden.name}: Dawn opens the first of a name alone. Expected GPUs of different names.`,
    );
  }
  return chosen.map(({ number, name }) => ({ number, name }));
}
