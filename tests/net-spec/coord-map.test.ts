import { expect, test } from "vitest";
import { Net } from "../../src/net/net.ts";
import { coordMap, coordMapFromTo, crop } from "../../src/net-spec/coord-map.ts";
import type { Top } from "../../src/net-spec/layer-call.ts";
import { L } from "../../src/net-spec/layers.ts";
import { toProto } from "../../src/net-spec/net-spec.ts";

const data = L.Input({ shape: { dim: [1, 1, 40, 48] } });

test("a stride, a pad and a kernel shrink and shift; a deconvolution does the reverse", () => {
  const conv = L.Convolution(data, { num_output: 1, kernel_size: 5, stride: 2, pad: 1 });
  expect(coordMap(conv.layer)).toEqual({ axis: 1, scale: [0.5], shift: [-0.5] });
  const dilated = L.Convolution(data, { num_output: 1, kernel_size: 3, dilation: 2, pad: [0, 2] });
  expect(coordMap(dilated.layer)).toEqual({ axis: 1, scale: [1], shift: [-2, 0] });
  const pool = L.Pooling(data, { kernel_h: 2, kernel_w: 4, stride: 2 });
  expect(coordMap(pool.layer)).toEqual({ axis: 1, scale: [0.5], shift: [-0.25, -0.75] });
  const up = L.Deconvolution(data, { num_output: 1, kernel_size: 4, stride: 2, pad: 1 });
  expect(coordMap(up.layer)).toEqual({ axis: 1, scale: [2], shift: [0.5] });
  expect(coordMap(L.ReLU(data).layer)).toEqual({ axis: undefined, scale: [1], shift: [0] });
});

test("a window that no layer would take is told of, whichever way leads to it", () => {
  const none = L.Pooling(data, { kernel_h: 0, kernel_w: 0 });
  const message = "pooling_param.kernel_size is 0. Expected 1 or more.";
  expect(() => coordMap(none.layer)).toThrow(message);
  expect(() => coordMapFromTo(none, data)).toThrow(message);
  const still = L.Convolution(data, { num_output: 1, kernel_size: 3, stride: 0 });
  expect(() => coordMap(still.layer)).toThrow("convolution_param.stride is 0. Expected 1 or more.");
  const bare = L.Deconvolution(data, { num_output: 1 });
  expect(() => coordMap(bare.layer)).toThrow("convolution_param has no kernel_size.");
});

test("maps compose along the way from one top to the other", () => {
  const conv = L.ReLU(L.Convolution(data, { num_output: 1, kernel_size: 5, pad: 4 }));
  const pool = L.Pooling(conv, { kernel_size: 2, stride: 2 });
  const up = L.Deconvolution(pool, { num_output: 1, kernel_size: 4, stride: 2 });
  expect(coordMapFromTo(data, data)).toEqual({ axis: undefined, scale: [1], shift: [0] });
  expect(coordMapFromTo(up, data)).toMatchObject({ axis: 1, scale: [1], shift: [-3] });
  const back = coordMapFromTo(data, up);
  expect(back.shift[0]).toBeCloseTo(3);
});

test("crop finds the offset, and the net that it makes is aligned", () => {
  const conv = L.Convolution(data, { num_output: 1, kernel_size: 3, pad: 10 });
  const pool = L.Pooling(conv, { kernel_size: 2, stride: 2 });
  const up = L.Deconvolution(pool, { num_output: 1, kernel_size: 4, stride: 2 });
  const cut = crop(up, data);
  expect(cut.layer.param.crop_param).toEqual({ axis: 2, offset: [10] });
  const net = new Net(toProto(cut));
  expect(net.blob(net.outputs[0] ?? "").shape).toEqual([1, 1, 40, 48]);
});

test("what cannot be mapped or cut is said", () => {
  const flat = L.InnerProduct(data, { num_output: 3 });
  expect(() => coordMap(flat.layer)).toThrow("a InnerProduct layer keeps no coordinates");
  expect(() => coordMapFromTo(flat, data)).toThrow("come from no layer in common");
  const other: Top = L.Input();
  expect(() => coordMapFromTo(other, data)).toThrow("come from no layer in common");
  const half = L.Pooling(data, { kernel_size: 2, stride: 2 });
  expect(() => crop(half, data)).toThrow(
    /^crop of a Pooling to a Input: scale 2, .* upsample the first by 2, with a Deconvolution\.$/,
  );
  expect(() => crop(data, half)).toThrow(
    "scale 0.5, one step of the first is as many of the second. Expected 1: upsample the second by 2",
  );
  expect(() => crop(L.Convolution(data, { num_output: 1, kernel_size: 3 }), data)).toThrow(
    "offset -1, the first begins inside the second and is smaller. Expected 0 or more: pad more",
  );
  const named = L.Deconvolution(half, {
    name: "up",
    convolution_param: { num_output: 1, kernel_size: 3, stride: 2 },
  });
  expect(() => crop(named, data)).toThrow(
    /^crop of "up" \(Deconvolution\) to a Input: offset 0.5\. Expected a whole number: change kernel, stride or pad/,
  );
  const axis2 = L.Convolution(data, { num_output: 1, kernel_size: 3, pad: 1, axis: 2 });
  const both = L.Convolution(axis2, { num_output: 1, kernel_size: 3, pad: 1 });
  expect(() => coordMapFromTo(both, data)).toThrow("Expected one axis");
});
