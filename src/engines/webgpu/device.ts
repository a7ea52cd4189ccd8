import { DeviceError } from "../../util/errors.ts";
import { checkOptions, type OptionNames, texts, whole, yesOrNo } from "../../util/options.ts";
import { Gpu } from "./gpu.ts";
import { SUBGROUP_MATRICES, subgroupMatricesOf } from "./subgroup-matrices.ts";

/** Which GPU, and what of it to use. */
export interface GpuChoice {
  /** Its number in the list that `caffe device_query` shows; 0 by default, the best there is. */
  readonly index?: number;
  /**
   * Do without these though the adapter has them: features (shader-f16, subgroups, timestamp-query), and what a limit
   * (maxBufferSize, ...) has beyond WebGPU's least.
   */
  readonly without?: readonly string[];
  /** Whether work goes through workgroup memory, in tiles and wide sums; by default on all adapters but software ones. */
  readonly isTiled?: boolean;
  /**
   * Whether matrix products round their operands to half precision (11 bits, up to 65504) where they stage them; sums
   * stay float32. Subgroups multiply them in blocks where the adapter has such instructions. False by default: Caffe's numbers are float32, and small gradients are lost in halves.
   */
  readonly isHalf?: boolean;
  /**
   * Whether nets of `precision: "f16"` are to multiply in such blocks, too, which Dawn has to be told of when a GPU is opened.
   * False by default: they multiply halves one by one.
   */
  readonly readiesBlocks?: boolean;
}

const gpuChoice: OptionNames<GpuChoice> = {
  index: whole,
  without: texts,
  isTiled: yesOrNo,
  isHalf: yesOrNo,
  readiesBlocks: yesOrNo,
};

/** Features that make the engine faster, or let it tell times; it works without any. */
const FEATURES = ["shader-f16", "subgroups", "timestamp-query"] as const;

/** Limits that are raised to what the adapter has. */
const LIMITS = [
  "maxBufferSize",
  "maxStorageBufferBindingSize",
  "maxStorageBuffersPerShaderStage",
  "maxComputeWorkgroupStorageSize",
  "maxComputeInvocationsPerWorkgroup",
  "maxComputeWorkgroupSizeX",
] as const;

const HOW_TO =
  "On Debian: apt-get install libvulkan1 mesa-vulkan-drivers, or the maker's own driver. A software adapter for tests: apt-get install libvulkan1 chromium-common, and set VK_DRIVER_FILES=/usr/lib/chromium/vk_swiftshader_icd.json.";

const IN_BROWSER =
  "Expected a GPU that this browser lets pages use, with its graphics acceleration switched on.";

/** Lets the adapter that is best come first. */
const BEST: GPURequestAdapterOptions = { powerPreference: "high-performance" };

/** Dawn's instances: it must outlive all that was made by it, and it crashes if it is collected before. */
const instances: GPU[] = [];

/**
 * Opens a GPU: through Dawn in Node, as the page's own in a browser.
 * @throws DeviceError that says what to install where there is none
 */
export async function openGpu(choice: GpuChoice = {}): Promise<Gpu> {
  checkOptions("openGpu", choice, gpuChoice);
  const { index = 0, without = [], isHalf = false, readiesBlocks = isHalf, isTiled } = choice;
  if (isHalf && isTiled === false) {
    throw new DeviceError(
      "use",
      "",
      "half precision is asked for without tiles, and only tiles are of halves. Expected isTiled to be left out, or isHalf.",
    );
  }
  const gpu = await entry(await nameFor(index), readiesBlocks);
  const adapter = await requestAdapter(gpu);
  const features = featuresOf(gpu, adapter).filter((feature) => !without.includes(feature));
  if (isHalf && !features.includes("shader-f16")) {
    throw new DeviceError(
      "use",
      "",
      "half precision is asked for, and this GPU has no shader-f16. Expected one that caffe device_query says has; or leave isHalf out.",
    );
  }
  const isWhole = features.includes("subgroups") && !without.includes(SUBGROUP_MATRICES);
  const matrices =
    readiesBlocks && isWhole && adapter.features.has(SUBGROUP_MATRICES)
      ? subgroupMatricesOf(adapter.info)
      : undefined;
  if (matrices) features.push(SUBGROUP_MATRICES as GPUFeatureName);
  const requiredLimits = Object.fromEntries(
    LIMITS.filter((limit) => !without.includes(limit)).map((limit) => [
      limit,
      adapter.limits[limit],
    ]),
  );
  const device = await adapter
    .requestDevice({ requiredFeatures: features, requiredLimits })
    .catch((cause: unknown) => {
      throw new DeviceError("use", "", `the GPU cannot be opened: ${String(cause)}`, { cause });
    });
  const { vendor, architecture, device: model, description, isFallbackAdapter } = adapter.info;
  const isSoftware =
    isFallbackAdapter || /swiftshader|llvmpipe|lavapipe/i.test(description + model);
  return new Gpu(
    device,
    {
      name: model || description || vendor || "unnamed",
      vendor,
      architecture,
      driver: description,
      isSoftware,
    },
    Object.fromEntries(LIMITS.map((limit) => [limit, device.limits[limit]])),
    { isTiled: isTiled ?? (isHalf || !isSoftware), isHalf, matrices },
  );
}

/** What the adapter has of the features that the engine knows. Subgroups are of use only where they are numbered. */
function featuresOf({ wgslLanguageFeatures }: GPU, adapter: GPUAdapter): GPUFeatureName[] {
  const isNumbered = wgslLanguageFeatures.has("subgroup_id");
  return FEATURES.filter(
    (feature) => adapter.features.has(feature) && (feature !== "subgroups" || isNumbered),
  );
}

/** The adapter that is asked for by its number, for Dawn; undefined for the one that it finds best. */
async function nameFor(index: number): Promise<string | undefined> {
  if (index === 0 && chosenPlaces() === undefined) return undefined;
  const adapters = await listAdapters();
  const adapter = adapters[index];
  if (adapter === undefined) {
    throw new DeviceError(
      "use",
      "",
      `there is no GPU number ${index}. Expected ${adapters.length === 0 ? "a machine that has one" : `0 to ${adapters.length - 1}`}; caffe device_query lists them.`,
    );
  }
  if (adapter.isHidden) {
    throw new DeviceError(
      "use",
      "",
      `GPU ${index} (${adapter.name}) has the name of one before it, and Dawn opens the first of a name alone. Expected a GPU whose name no other has, or an environment in which a process sees that one only.`,
    );
  }
  return adapter.name;
}

/** A GPU that `--gpu` counts. */
export interface ListedAdapter {
  readonly name: string;
  /** It cannot be opened: another one before it has the same name. */
  readonly isHidden: boolean;
}

/**
 * The adapters in the order in which --gpu counts them; a browser tells of one only. The variable CAFFE_GPUS names those that
 * count, by their numbers among all: `1,0` turns two round, and `0,0` is one GPU that is opened twice.
 * @throws DeviceError where there is no such number
 */
export async function listAdapters(): Promise<ListedAdapter[]> {
  if (browserGpu()) return [{ name: "the browser's", isHidden: false }];
  const names = await namesOfAll();
  const all = names.map((name, i) => ({ name, isHidden: names.indexOf(name) < i }));
  return (chosenPlaces() ?? [...all.keys()]).map((place) => {
    const adapter = all[place];
    if (adapter) return adapter;
    const there = names.map((name, i) => `${i} (${name})`).join(", ");
    throw new DeviceError(
      "use",
      "",
      `CAFFE_GPUS is ${process.env["CAFFE_GPUS"]}, and this machine has ${there ? `the GPUs ${there}` : "no GPU"}. Expected their numbers, separated by commas.`,
    );
  });
}

/** What CAFFE_GPUS says; undefined where it says nothing. A page has no such variables. */
function chosenPlaces(): number[] | undefined {
  const text = globalThis.process?.env?.["CAFFE_GPUS"];
  return text
    ? text.split(",").map((one) => (/^\s*\d+\s*$/.test(one) ? Number(one) : -1))
    : undefined;
}

/** The systems by which Dawn reaches hardware, where it has several the first of them alone: each lists the same GPUs. */
const BACKENDS = ["metal", "d3d12", "vulkan"];

/** The names of all adapters, the best first. */
async function namesOfAll(): Promise<string[]> {
  // Dawn's Node binding lists its adapters in the error for one that does not exist.
  const gpu = await entry("there is no adapter of this name");
  try {
    await gpu.requestAdapter(BEST);
    return [];
  } catch (error) {
    const { message } = error as Error;
    const all = [...message.matchAll(/backend: '(.*)', name: '(.*)'/g)];
    const backend = BACKENDS.find((one) => all.some(([, own]) => own === one));
    return all.flatMap(([, own, name = ""]) => (own === backend ? [name] : []));
  }
}

/** Where WebGPU begins: the page's, or Dawn's. */
async function entry(adapterName: string | undefined, readiesBlocks = false): Promise<GPU> {
  const ofBrowser = browserGpu();
  if (ofBrowser) return ofBrowser;
  const { create } = await import("webgpu").catch(noWebGpu);
  // A bundle for browsers has nothing in the package's place.
  if (!create) noWebGpu("the browser has none");
  const gpu = create([
    ...(adapterName === undefined ? [] : [`adapter=${adapterName}`]),
    "disable-dawn-features=timestamp_quantization",
    // Kernels keep to their arrays by themselves: indices come from shapes, or kernels compare them (isPlace in numbers.wgsl).
    // Subgroup matrices are no standard yet, and only such a device has them.
    `enable-dawn-features=disable_robustness${readiesBlocks ? ",allow_unsafe_apis" : ""}`,
  ]);
  instances.push(gpu);
  return gpu;
}

function noWebGpu(cause: unknown): never {
  if ((cause as NodeJS.ErrnoException | undefined)?.code === "ERR_MODULE_NOT_FOUND") {
    throw new DeviceError(
      "use",
      "",
      "the package webgpu is not installed, which brings WebGPU to Node. Expected it beside caffe-ts: npm install webgpu (130 MB).",
      { cause },
    );
  }
  throw new DeviceError(
    "use",
    "",
    `there is no WebGPU here: ${String(cause)}. Expected a browser that has WebGPU, on a page served over https or from localhost.`,
    { cause },
  );
}

async function requestAdapter(gpu: GPU): Promise<GPUAdapter> {
  let cause: unknown;
  const adapter = await gpu.requestAdapter(BEST).catch((error: unknown) => {
    cause = error;
    return null;
  });
  if (adapter) return adapter;
  const what = browserGpu() ? IN_BROWSER : `Install a Vulkan driver. ${HOW_TO}`;
  throw new DeviceError("use", "", `no adapter is found. ${what}`, { cause });
}

function browserGpu(): GPU | undefined {
  const { navigator } = globalThis as { navigator?: { gpu?: GPU } };
  return navigator?.gpu;
}
