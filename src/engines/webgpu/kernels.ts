import { DeviceError } from "../../util/errors.ts";
import type { GpuBuffer } from "./buffer-pool.ts";
import type { Commands } from "./commands.ts";
import type { Failures } from "./failures.ts";
import { numbers } from "./shaders.ts";
import { COMPUTE_STAGE } from "./usage.ts";

/** What a kernel is made from. Binding 0 is its uniform struct of parameters, arrays follow. */
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

/** A compiled shader with room for its arrays. */
export class Kernel {
  readonly #device: GPUDevice;
  readonly #commands: Commands;
  readonly #pipeline: GPUComputePipeline;
  readonly #layout: GPUBindGroupLayout;
  readonly #bindings: readonly number[];
  readonly #groups: Map<string, GPUBindGroup> = new Map();
  /** Why it cannot run, once that is known. */
  failure?: DeviceError;

  constructor(
    device: GPUDevice,
    commands: Commands,
    pipeline: GPUComputePipeline,
    layout: GPUBindGroupLayout,
    arrays: string,
  ) {
    this.#device = device;
    this.#commands = commands;
    this.#pipeline = pipeline;
    this.#layout = layout;
    this.#bindings = bindingsOf(arrays);
  }

  /**
   * Records one run over x × y × z workgroups. `params` is the uniform struct, word by word; `told` hears how many milliseconds it
   * took, where that can be measured.
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
    if (this.failure) throw this.failure;
    let key = `${params.length}`;
    for (const { id } of buffers) key += `,${id}`;
    let group = this.#groups.get(key);
    if (!group) {
      group = this.#bind(buffers, params.byteLength);
      this.#groups.set(key, group);
    }
    this.#commands.dispatch(this.#pipeline, group, buffers, params, x, y, z, told);
  }

  /** Drops what it knows of buffers, some of which are gone. */
  forgetBuffers(): void {
    this.#groups.clear();
  }

  #bind(buffers: readonly GpuBuffer[], paramBytes: number): GPUBindGroup {
    return this.#device.createBindGroup({
      layout: this.#layout,
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
   * The kernel of a spec. That its shader does not compile is known only when the engine is next awaited.
   * @param layer the layer that asks, for messages
   */
  get(spec: KernelSpec, layer: string): Kernel {
    const constants = JSON.stringify(spec.constants ?? {});
    const key = `${spec.entry} ${spec.arrays} ${constants} ${spec.code}`;
    let kernel = this.#kernels.get(key);
    if (!kernel) {
      kernel = this.#compile(spec, layer);
      this.#kernels.set(key, kernel);
    }
    return kernel;
  }

  /** How many pipelines there are. */
  get size(): number {
    return this.#kernels.size;
  }

  forgetBuffers(): void {
    for (const kernel of this.#kernels.values()) kernel.forgetBuffers();
  }

  #compile({ name, code, entry, arrays, constants = {} }: KernelSpec, layer: string): Kernel {
    const device = this.#device;
    device.pushErrorScope("validation");
    const module = this.#module(name, code);
    const layout = this.#layout(arrays);
    const pipeline = device.createComputePipeline({
      label: name,
      layout: device.createPipelineLayout({ bindGroupLayouts: [layout] }),
      compute: { module, entryPoint: entry, constants: { ...constants } },
    });
    const kernel = new Kernel(device, this.#commands, pipeline, layout, arrays);
    const check = async (): Promise<DeviceError | undefined> => {
      // A lost device answers no question.
      const error = await device.popErrorScope().catch(() => null);
      if (error) kernel.failure = await compileError(layer, name, module, error);
      return kernel.failure;
    };
    this.#failures.watch(check());
    return kernel;
  }

  #module(name: string, code: string): GPUShaderModule {
    let module = this.#modules.get(code);
    if (!module) {
      module = this.#device.createShaderModule({ label: name, code: code + numbers });
      this.#modules.set(code, module);
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
