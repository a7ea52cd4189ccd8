// What a bench net's Input layers hold, the same as torch_detection.py gives PyTorch.

/** Three objects in each of eight images, as MultiBoxLoss reads them: image, class, instance, four edges, difficult. */
function labels(rows) {
  return Array.from({ length: rows }, (_, row) => {
    const [image, k] = [Math.floor(row / 3), row % 3];
    const [from, size] = [0.25 * k + 0.02 * image, 0.15 + 0.15 * k];
    const to = Math.min(from + size, 1);
    return [image, 1 + (row % 20), 0, from, from, to, to, 0];
  }).flat();
}

/** Fills the inputs `label` and `im_info` of a detector where it has them. */
export function fillInputs(net) {
  net.layers.forEach((layer, i) => {
    if (layer.param.type !== "Input") return;
    const [top] = net.topBlobs[i];
    if (layer.param.name === "label") top.data.set(labels(top.shape[2]));
    if (layer.param.name === "im_info") top.data.set([600, 800, 1]);
  });
}
