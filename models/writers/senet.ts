import { L, type Top } from "../../src/index.ts";
import { classifier, type Model, named, type Writer } from "./model.ts";
import { normalise, residualSolver } from "./residual.ts";

function unit(
  net: Writer,
  bottom: Top,
  name: string,
  num_output: number,
  kernel_size: number,
  stride: number,
  isRectified: boolean,
): Top {
  const conv = net.add(
    L.Convolution(bottom, {
      ...named(name),
      num_output,
      kernel_size,
      pad: (kernel_size - 1) / 2,
      stride,
      bias_term: false,
      weight_filler: { type: "msra" },
    }),
  );
  const top = normalise(net, conv, `${name}/bn`, `${name}/bn/scale`);
  return isRectified ? net.add(L.ReLU(top, { name: `${name}/relu`, in_place: true })) : top;
}

/** Squeeze: each channel's mean. Excitation: two small layers that give each channel a factor from 0 to 1. */
function excitation(net: Writer, bottom: Top, id: string, channels: number): Top {
  const connected = (from: Top, name: string, num_output: number): Top =>
    net.add(
      L.Convolution(from, {
        ...named(name),
        num_output,
        kernel_size: 1,
        weight_filler: { type: "msra" },
      }),
    );
  const means = net.add(
    L.Pooling(bottom, { ...named(`${id}_global_pool`), pool: "AVE", global_pooling: true }),
  );
  const down = connected(means, `${id}_1x1_down`, channels / 16);
  const relu = net.add(L.ReLU(down, { name: `${id}_1x1_down/relu`, in_place: true }));
  const up = connected(relu, `${id}_1x1_up`, channels);
  const factors = net.add(L.Sigmoid(up, named(`${id}_prob`)));
  return net.add(L.Flatten(factors, named(`${id}_factors`)));
}

function block(net: Writer, bottom: Top, id: string, width: number, stride: number): Top {
  const isFirst = id.endsWith("_1");
  const past = isFirst ? unit(net, bottom, `${id}_1x1_proj`, 4 * width, 1, stride, false) : bottom;
  let top = unit(net, bottom, `${id}_1x1_reduce`, width, 1, stride, true);
  top = unit(net, top, `${id}_3x3`, width, 3, 1, true);
  top = unit(net, top, `${id}_1x1_increase`, 4 * width, 1, 1, false);
  const factors = excitation(net, top, id, 4 * width);
  // The factors N×C lie over the first two axes of N×C×H×W.
  top = net.add(L.Scale(top, factors, { ...named(`${id}_scaled`), axis: 0 }));
  const sum = net.add(L.Eltwise(past, top, { ...named(id), operation: "SUM" }));
  return net.add(L.ReLU(sum, { name: `${id}/relu`, in_place: true }));
}

function body(net: Writer, data: Top): Top {
  let top = unit(net, data, "conv1/7x7_s2", 64, 7, 2, true);
  top = net.add(
    L.Pooling(top, { ...named("pool1/3x3_s2"), pool: "MAX", kernel_size: 3, stride: 2 }),
  );
  [3, 4, 6, 3].forEach((count, s) => {
    for (let b = 1; b <= count; b++) {
      top = block(net, top, `conv${s + 2}_${b}`, 64 * 2 ** s, s > 0 && b === 1 ? 2 : 1);
    }
  });
  top = net.add(L.Pooling(top, { ...named("pool5/7x7_s1"), pool: "AVE", global_pooling: true }));
  return net.add(
    L.InnerProduct(top, {
      ...named("classifier"),
      num_output: 1000,
      weight_filler: { type: "xavier" },
    }),
  );
}

export const senet50: Model = classifier({
  name: "senet50",
  netName: "SE-ResNet-50",
  title: "SE-ResNet-50: ResNet-50 whose blocks weigh their channels (squeeze and excitation).",
  crop: 224,
  batch: 32,
  testBatch: 25,
  body,
  solver: residualSolver,
});
