import type { Engine, PartialEngine } from "../engine.ts";
import { Arrays } from "./arrays.ts";
import { Heap, type PagedMemory } from "./heap.ts";
import { wasmEngine } from "./index.ts";
import type { Kernels } from "./kernels.ts";
import { compiled, fused } from "./module.ts";

/** WebAssembly as it is used here; its types are part of a browser's only. */
declare const WebAssembly: {
  readonly Memory: new (limits: { initial: number }) => PagedMemory;
  readonly Module: new (bytes: Uint8Array) => object;
  validate(bytes: Uint8Array): boolean;
  readonly Instance: new (module: object, imports: object) => { readonly exports: unknown };
};

/** Pages that memory begins with: 1 MiB. */
const PAGES = 16;

let arrays: Arrays | undefined;

/**
 * The wasm engine. One module and one memory serve all engines of a thread.
 * @param fallback takes the shapes that have no form there
 * @throws Error where there is no WebAssembly with SIMD
 */
export function loadWasmEngine(fallback: Engine): PartialEngine {
  arrays ??= open();
  return wasmEngine(arrays, fallback);
}

/** What this system runs of it, as `caffe device_query` says it. */
export function wasmVersion(): string {
  const { bytes, isFused } = runnable();
  if (isFused) return "WebAssembly with relaxed SIMD";
  return WebAssembly.validate(bytes) ? "WebAssembly with SIMD" : "no SIMD here";
}

/** The module with fused multiplication where it is understood, else the plain one. */
function runnable(): { readonly bytes: Uint8Array; readonly isFused: boolean } {
  const faster = bytesOf(fused);
  const isFused = WebAssembly.validate(faster);
  return { bytes: isFused ? faster : bytesOf(compiled), isFused };
}

function open(): Arrays {
  const { bytes } = runnable();
  const memory = new WebAssembly.Memory({ initial: PAGES });
  const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory } });
  const kernels = instance.exports as Kernels;
  return new Arrays(kernels, new Heap(memory, kernels.heapBase()));
}

function bytesOf(base64: string): Uint8Array {
  return Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
}
