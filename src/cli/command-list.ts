import type { CommandModule } from "yargs";
import { withOwnFlagsFirst } from "./flags.ts";

/** Every command by its name, in the order of the help: what one needs is loaded with it alone, so that it begins at once. */
const loaders: Readonly<Record<string, () => Promise<unknown>>> = {
  new: async () => (await import("./commands/new.ts")).newCommand,
  train: async () => (await import("./commands/train.ts")).train,
  dashboard: async () => (await import("./commands/dashboard.ts")).dashboardCommand,
  test: async () => (await import("./commands/test.ts")).test,
  eval: async () => (await import("./commands/eval.ts")).evalCommand,
  time: async () => (await import("./commands/time.ts")).time,
  device_query: async () => (await import("./commands/device-query.ts")).deviceQuery,
  gradient_check: async () => (await import("./commands/gradient-check.ts")).gradientCheck,
  doctor: async () => (await import("./commands/doctor.ts")).doctor,
  try: async () => (await import("./commands/try.ts")).tryCommand,
  compare: async () => (await import("./commands/compare.ts")).compare,
  classify: async () => (await import("./commands/classify.ts")).classify,
  explain: async () => (await import("./commands/explain.ts")).explainCommand,
  detect: async () => (await import("./commands/detect.ts")).detect,
  segment: async () => (await import("./commands/segment.ts")).segment,
  serve: async () => (await import("./commands/serve.ts")).serveCommand,
  draw_net: async () => (await import("./commands/draw-net.ts")).drawNet,
  plot_log: async () => (await import("./commands/plot-log.ts")).plotLog,
  summarize: async () => (await import("./commands/summarize.ts")).summarize,
  quantize: async () => (await import("./commands/quantize.ts")).quantize,
  export_onnx: async () => (await import("./commands/export-onnx.ts")).exportOnnx,
  import_onnx: async () => (await import("./commands/import-onnx.ts")).importOnnx,
  prototxt: async () => (await import("./commands/prototxt.ts")).prototxt,
  convert_imageset: async () => (await import("./commands/convert-imageset.ts")).convertImageset,
  create_annoset: async () => (await import("./commands/create-annoset.ts")).createAnnoset,
  convert_annoset: async () => (await import("./commands/create-annoset.ts")).convertAnnoset,
  create_label_map: async () => (await import("./commands/create-label-map.ts")).createLabelMap,
  get_image_size: async () => (await import("./commands/get-image-size.ts")).getImageSize,
  compute_image_mean: async () =>
    (await import("./commands/compute-image-mean.ts")).computeImageMean,
  extract_features: async () => (await import("./commands/extract-features.ts")).extractFeatures,
  convert_mnist_data: async () =>
    (await import("./commands/convert-mnist-data.ts")).convertMnistData,
  convert_cifar_data: async () =>
    (await import("./commands/convert-cifar-data.ts")).convertCifarData,
  convert_mnist_siamese_data: async () =>
    (await import("./commands/convert-mnist-siamese-data.ts")).convertMnistSiameseData,
  resize_and_crop_images: async () =>
    (await import("./commands/resize-and-crop-images.ts")).resizeAndCropImages,
  dataset: async () => (await import("./commands/dataset.ts")).dataset,
  models: async () => (await import("./commands/models.ts")).models,
  parse_log: async () => (await import("./commands/parse-log.ts")).parseLogCommand,
  upgrade_net_proto_text: async () => (await import("./commands/upgrade.ts")).upgradeCommands[0],
  upgrade_net_proto_binary: async () => (await import("./commands/upgrade.ts")).upgradeCommands[1],
  upgrade_solver_proto_text: async () => (await import("./commands/upgrade.ts")).upgradeCommands[2],
  python_path: async () => (await import("./commands/python-path.ts")).pythonPath,
  matlab_path: async () => (await import("./commands/matlab-path.ts")).matlabPath,
  bridge: async () => (await import("./commands/bridge.ts")).bridge,
};

/** What a command begins with while its modules are loaded and its flags are read. */
const begun: Readonly<Record<string, () => Promise<void>>> = {
  serve: async () => (await import("../serve/models/ahead.ts")).startAhead(),
};

/** What the first word of a command line may be. */
export const commandNames: readonly string[] = Object.keys(loaders);

/** The command of that name; all of them where it is none: the help, and the shell, ask for all. The version needs none. */
export async function loadCommands(name: string): Promise<readonly CommandModule[]> {
  const known = name === "--version" ? [] : commandNames;
  const wanted = commandNames.includes(name) ? [name] : known;
  if (Object.hasOwn(begun, name)) await begun[name]?.();
  const loaded = await Promise.all(wanted.map((one) => loaders[one]?.()));
  return loaded.map((one) => withOwnFlagsFirst(one as CommandModule));
}
