import { DeviceError } from "../../util/errors.ts";
import type { GpuBuffer } from "./buffer-pool.ts";
import type { Commands } from "./commands.ts";
import type { Failures } from "./failures.ts";
import { numbers } from "./shaders.ts";
import { COMPUTE_STAGE } from "./usage.ts";

/** Bindings beyond the parameters' of the kernel that has most. */
const MOST_ARRAYS = 11;

/**
 * What a kernel is made from. Binding 0 is its uniform struct of parameters, arrays follow. Code that takes an array of floats or of halves
 * calls the elements of binding 3 E3: it reads them by f32(…), and writes E3(…).
 */
export interface KernelSpec {
  /** For labels and messages. */
  readonly name: string;
  readonly code: string;
  readonly entry: string;
  /** One letter for each array: r is only read, w is written (and may be read), a dot is not there for this entry. */
  readonly arrays: string;
  /** Values of the shader's `override` constants. */
  readonly constants?: Readonly<Record<string, number>>;
}

/** A shader as it was compiled for arrays of which some are of halves. */
interface Compiled {
  readonly pipeline: GPUComputePipeline;
  readonly layout: GPUBindGroupLayout;
  /** Why it cannot run, once that is known. */
  failure?: DeviceError;
}

/** A shader with room for its arrays, compiled for what they hold when it first meets them. */
export class Kernel {
  readonly #device: GPUDevice;
  readonly #commands: Commands;
  readonly #compile: (halves: string) => Compiled;
  readonly #bindings: readonly number[];
  /** By the bindings that hold halves. */
  readonly #compiled: Map<string, Compiled> = new Map();
  readonly #groups: Map<string, GPUBindGroup> = new Map();

  /** @param compile makes it for arrays of which those at the bindings that are named hold halves */
  constructor(
    device: GPUDevice,
    commands: Commands,
    arrays: string,
    compile: (halves: string) => Compiled,
  ) {
    this.#device = device;
    this.#commands = commands;
    this.#compile = compile;
    this.#bindings = bindingsOf(arrays);
  }

  /**
   * Records one run over x × y × z workgroups. `params` is the uniform struct, word by word; `told` hears how many milliseconds it
   * took, where that can be measured. That the shader does not compile is known only when the engine is next awaited.
   */
  run(
    buffers: readonly GpuBuffer[],
    params: Uint32Array,
    x: number,
    y = 1,
    z = 1,
    told?: (ms: number) => void,
  ): void {
    if (x * y * z === 0) return;
    const { pipeline, layout, failure } = this.#for(buffers);
    if (failure) throw failure;
    let key = `${params.length}`;
    for (const { id } of buffers) key += `,${id}`;
    let group = this.#groups.get(key);
    if (!group) {
      group = this.#bind(layout, buffers, params.byteLength);
      this.#groups.set(key, group);
    }
    this.#commands.dispatch(pipeline, group, buffers, params, x, y, z, told);
  }

  /** Drops what it knows of buffers, some of which are gone. */
  forgetBuffers(): void {
    this.#groups.clear();
  }

  /** How many pipelines it has. */
  get size(): number {
    return this.#compiled.size;
  }

  #for(buffers: readonly GpuBuffer[]): Compiled {
    let halves = "";
    for (let i = 0; i < buffers.length; i++) {
      if (buffers[i]?.isHalf) halves += `${this.#bindings[i]} `;
    }
    let compiled = this.#compiled.get(halves);
    if (!compiled) {
      compiled = this.#compile(halves);
      this.#compiled.set(halves, compiled);
    }
    return compiled;
  }

  #bind(
    layout: GPUBindGroupLayout,
    buffers: readonly GpuBuffer[],
    paramBytes: number,
  ): GPUBindGroup {
    return this.#device.createBindGroup({
      layout,
      entries: [
        {
          binding: 0,
          resource: { buffer: this.#commands.arena, size: Math.ceil(paramBytes / 16) * 16 },
        },
        ...buffers.map(({ handle }, i) => ({
          binding: this.#bindings[i] ?? 0,
          resource: { buffer: handle },
        })),
      ],
    });
  }
}

/** Compiles each shader once, with each set of constants. */
export class Kernels {
  readonly #device: GPUDevice;
  readonly #commands: Commands;
  readonly #failures: Failures;
  readonly #modules: Map<string, GPUShaderModule> = new Map();
  readonly #layouts: Map<string, GPUBindGroupLayout> = new Map();
  readonly #kernels: Map<string, Kernel> = new Map();

  constructor(device: GPUDevice, commands: Commands, failures: Failures) {
    this.#device = device;
    this.#commands = commands;
    this.#failures = failures;
  }

  /**
   * The kernel of a spec.
   * @param layer the layer that asks, for messages
   */
  get(spec: KernelSpec, layer: string): Kernel {
    const constants = JSON.stringify(spec.constants ?? {});
    const key = `${spec.entry} ${spec.arrays} ${constants} ${spec.code}`;
    let kernel = this.#kernels.get(key);
    if (!kernel) {
      kernel = new Kernel(this.#device, this.#commands, spec.arrays, (halves) =>
        this.#compile(spec, halves, layer),
      );
      this.#kernels.set(key, kernel);
    }
    return kernel;
  }

  /** How many pipelines there are. */
  get size(): number {
    return [...this.#kernels.values()].reduce((sum, kernel) => sum + kernel.size, 0);
  }

  forgetBuffers(): void {
    for (const kernel of this.#kernels.values()) kernel.forgetBuffers();
  }

  #compile(
    { name, code, entry, arrays, constants = {} }: KernelSpec,
    halves: string,
    layer: string,
  ): Compiled {
    const device = this.#device;
    device.pushErrorScope("validation");
    const module = this.#module(name, code, halves);
    const layout = this.#layout(arrays);
    const pipeline = device.createComputePipeline({
      label: name,
      layout: device.createPipelineLayout({ bindGroupLayouts: [layout] }),
      compute: { module, entryPoint: entry, constants: { ...constants } },
    });
    const compiled: Compiled = { pipeline, layout };
    const since = this.#commands.serial;
    const check = async (): Promise<DeviceError | undefined> => {
      // A lost device answers no question.
      const error = await device.popErrorScope().catch(() => null);
      if (!error) return undefined;
      compiled.failure = await compileError(layer, name, module, error);
      this.#commands.lose(since, compiled.failure);
      return compiled.failure;
    };
    this.#failures.watch(check());
    return compiled;
  }

  #module(name: string, code: string, halves: string): GPUShaderModule {
    const key = `${halves}:${code}`;
    let module = this.#modules.get(key);
    if (!module) {
      const whole = `${halves ? "enable f16;\n" : ""}${code}${numbers}${elementsOf(halves)}`;
      module = this.#device.createShaderModule({ label: name, code: whole });
      this.#modules.set(key, module);
    }
    return module;
  }

  #layout(arrays: string): GPUBindGroupLayout {
    let layout = this.#layouts.get(arrays);
    if (!layout) {
      layout = this.#device.createBindGroupLayout({
        label: arrays,
        entries: [
          {
            binding: 0,
            visibility: COMPUTE_STAGE,
            buffer: { type: "uniform", hasDynamicOffset: true },
          },
          ...bindingsOf(arrays).map((binding) => ({
            binding,
            visibility: COMPUTE_STAGE,
            buffer: {
              type: arrays[binding - 1] === "r" ? "read-only-storage" : "storage",
            } as const,
          })),
        ],
      });
      this.#layouts.set(arrays, layout);
    }
    return layout;
  }
}

/** The binding numbers of the arrays that are there. */
function bindingsOf(arrays: string): number[] {
  return [...arrays].flatMap((kind, i) => (kind === "." ? [] : [i + 1]));
}

/** What E1, E2… are, of as many bindings as a kernel may have. */
function elementsOf(halves: string): string {
  const those = new Set(halves.split(" "));
  return Array.from({ length: MOST_ARRAYS }, (_, i) => {
    return `alias E${i + 1} = ${those.has(`${i + 1}`) ? "f16" : "f32"};\n`;
  }).join("");
}

async function compileError(
  layer: string,
  name: string,
  module: GPUShaderModule,
  error: GPUError,
): Promise<DeviceError> {
  const { messages } = await module.getCompilationInfo();
  const said = messages
    .filter(({ type }) => type === "error")
    .map(({ lineNum, linePos, message }) => `${lineNum}:${linePos} ${message}`);
  const why = said.length > 0 ? said.join("; ") : error.message;
  return new DeviceError("shader", layer, `the shader "${name}" does not compile: ${why}`, {
    cause: error,
  });
}
