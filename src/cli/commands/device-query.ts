import { availableParallelism, cpus, totalmem } from "node:os";
import type { CommandModule } from "yargs";
import { createEngines } from "../../engines/create.ts";
import { nativeVersion } from "../../engines/native/binding.ts";
import { wasmVersion } from "../../engines/wasm/load.ts";
import { listAdapters, openGpu } from "../../engines/webgpu/device.ts";
import type { Gpu } from "../../engines/webgpu/gpu.ts";
import {
  type CommonFlags,
  Console,
  checkCommonFlags,
  gpuNumber,
  withCommonFlags,
} from "../session.ts";

type Say = (message: string) => void;

/** `caffe device_query`: what there is to compute with. */
export const deviceQuery: CommandModule<object, CommonFlags> = {
  command: "device_query",
  describe: "show what there is to compute with",
  builder: (yargs) =>
    withCommonFlags(yargs)
      .example("caffe device_query", "the CPU and every GPU")
      .example("caffe device_query --gpu 0", "fail where there is no GPU")
      .example("caffe device_query --engine native", "fail where there is no native engine"),
  handler: run,
};

async function run(flags: CommonFlags): Promise<void> {
  checkCommonFlags(flags);
  const { log } = new Console();
  const say: Say = (message) => log("info", "caffe", message);
  const number = gpuNumber(flags);
  if (number !== undefined) {
    await describeGpu(number, say);
    return;
  }
  if (flags.engine !== undefined) createEngines({ prefer: flags.engine, log });
  say(`CPU: ${cpus()[0]?.model.trim() ?? "unknown"}, ${availableParallelism()} threads`);
  say(`Memory: ${(totalmem() / 2 ** 30).toFixed(1)} GiB`);
  say(`Engine native: ${nativeVersion()}`);
  say(`Engine wasm: ${wasmVersion()}`);
  say(`Engine reference: TypeScript on Node ${process.version}`);
  const adapters = await listAdapters().catch(() => []);
  if (adapters.length === 0)
    say("Engine webgpu: no GPU; caffe device_query --gpu 0 says what is missing");
  for (const [i, { name, isHidden }] of adapters.entries()) {
    if (isHidden)
      say(`GPU ${i}: ${name}, which has the name of one before it and cannot be opened`);
    else await describeGpu(i, say);
  }
}

async function describeGpu(index: number, say: Say): Promise<void> {
  const gpu = await openGpu({ index });
  try {
    for (const line of descriptionOf(gpu, index)) say(line);
  } finally {
    gpu.close();
  }
}

function descriptionOf({ adapter, limits, features }: Gpu, index: number): string[] {
  const mebibytes = (limit: string): string => `${Math.floor((limits[limit] ?? 0) / 2 ** 20)} MiB`;
  return [
    `GPU ${index}: ${adapter.name}${adapter.isSoftware ? " (a program on the CPU)" : ""}`,
    `  Vendor: ${adapter.vendor || "unknown"}, architecture: ${adapter.architecture || "unknown"}`,
    `  Driver: ${adapter.driver || "unknown"}`,
    `  Largest array: ${mebibytes("maxStorageBufferBindingSize")} (buffers of ${mebibytes("maxBufferSize")})`,
    `  Workgroups: ${limits["maxComputeInvocationsPerWorkgroup"]} invocations, ${limits["maxComputeWorkgroupStorageSize"]} bytes shared`,
    `  Features: ${["subgroups", "timestamp-query", "shader-f16"].map((name) => `${name} ${features.has(name) ? "yes" : "no"}`).join(", ")}`,
  ];
}
