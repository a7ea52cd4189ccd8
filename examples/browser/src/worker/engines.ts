import { createEngines, type Engines, type Gpu, openGpu } from "caffe-ts";
import type { EngineFacts, EngineName } from "../messages.ts";

/** Engines, and why they were chosen. */
export interface OpenedEngines {
  readonly engines: Engines;
  readonly facts: EngineFacts;
  /** Gives a GPU back. */
  readonly close: () => void;
}

/**
 * The engines that are wanted; by default a GPU's, and where there is none, or only one that software makes up, WebAssembly.
 * @throws CaffeError where WebGPU is wanted and not there
 */
export async function openedEngines(wanted: EngineName | undefined): Promise<OpenedEngines> {
  if (wanted === "wasm") return wasm("It was chosen. One thread computes, four numbers at a time.");
  let gpu: Gpu;
  try {
    gpu = await openGpu();
  } catch (error) {
    if (wanted === "webgpu") throw error;
    return wasm(`There is no WebGPU here: ${firstSentence(String((error as Error).message))}`);
  }
  const { name, isSoftware } = gpu.adapter;
  if (isSoftware && wanted === undefined) {
    gpu.close();
    return wasm(`WebGPU is here by software alone (${name}), which is slower.`);
  }
  const why = isSoftware
    ? `Its GPU is software (${name}), and slow.`
    : `It computes on this GPU: ${name}.`;
  const close = (): void => gpu.close();
  return { engines: createEngines({ gpu }), facts: { name: "webgpu", why }, close };
}

function wasm(why: string): OpenedEngines {
  const close = (): void => {};
  return { engines: createEngines({ prefer: "wasm" }), facts: { name: "wasm", why }, close };
}

/** Of messages that go on with what to install on a server. */
function firstSentence(message: string): string {
  return /^(?:GPU: )?(.*?\.)(?= |$)/.exec(message)?.[1] ?? message;
}
