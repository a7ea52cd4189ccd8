/** Layers whose data is elsewhere, and how many of their tops are data (the others are labels). */
const SOURCES = new Set([
  "Data",
  "ImageData",
  "WindowData",
  "MemoryData",
  "HDF5Data",
  "Python",
  "DummyData",
]);

/**
 * The net with an Input in the place of every layer that reads data, batches of one, and weights that are not
 * filled at random: what is needed to see whether it can be built.
 */
export function standIn(param) {
  return {
    ...param,
    layer: (param.layer ?? []).map((layer) => {
      const isSource = SOURCES.has(layer.type ?? "") && (layer.bottom ?? []).length === 0;
      return withoutFillers(isSource && (layer.top ?? []).length > 0 ? input(layer) : layer);
    }),
  };
}

function input(layer) {
  if (layer.type === "DummyData") return layer;
  const { top = [], name, include, exclude, phase } = layer;
  const shape = top.map((blob, i) => ({ dim: shapeOf(layer, blob, i) }));
  return {
    name,
    type: "Input",
    top,
    ...(include && { include }),
    ...(exclude && { exclude }),
    ...(phase && { phase }),
    input_param: { shape },
  };
}

function shapeOf(layer, blob, i) {
  const batch = batchOf(layer);
  const isLabel = i > 0 || /label/i.test(blob);
  if (isLabel) return [batch];
  const { memory_data_param: memory, transform_param: transform } = layer;
  if (memory) return [batch, memory.channels ?? 1, memory.height ?? 1, memory.width ?? 1];
  const image = layer.image_data_param ?? {};
  const side =
    transform?.crop_size || layer.data_param?.crop_size || image.new_height || guess(layer);
  const isGrey =
    image.is_color === false || side === 28 || (transform?.mean_value ?? []).length === 1;
  return [
    batch,
    isGrey ? 1 : 3,
    side,
    image.new_width && !transform?.crop_size ? image.new_width : side,
  ];
}

/** The side of the images, from the name of the database. */
function guess(layer) {
  const source = layer.data_param?.source ?? layer.hdf5_data_param?.source ?? "";
  if (/mnist/i.test(source)) return 28;
  if (/cifar/i.test(source)) return 32;
  return 224;
}

function batchOf(layer) {
  const given =
    layer.data_param?.batch_size ??
    layer.image_data_param?.batch_size ??
    layer.memory_data_param?.batch_size ??
    layer.window_data_param?.batch_size ??
    layer.hdf5_data_param?.batch_size;
  return Math.min(given ?? 1, 2);
}

/** Random weights take the time, and their values do not matter here. */
function withoutFillers(layer) {
  const plain = { ...layer };
  for (const [key, value] of Object.entries(layer)) {
    if (!key.endsWith("_param") || typeof value !== "object") continue;
    plain[key] = Object.fromEntries(
      Object.entries(value).filter(([field]) => !/^(weight_|bias_|data_)?filler$/.test(field)),
    );
  }
  return plain;
}
