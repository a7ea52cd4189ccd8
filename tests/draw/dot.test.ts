import { expect, test } from "vitest";
import { dotOf } from "../../src/draw/dot.ts";
import { parsePrototxt } from "../../src/io/text/prototxt.ts";

const NET = parsePrototxt(
  "NetParameter",
  `name: "with \\"quotes\\""
   layer { name: "data" type: "Input" top: "data" }
   layer { name: "conv" type: "Convolution" bottom: "data" top: "conv" param { lr_mult: 2 }
     convolution_param { num_output: 8 kernel_size: 3 stride: 2 pad: 1 dilation: 2 group: 4 } }
   layer { name: "relu" type: "ReLU" bottom: "conv" top: "conv" }
   layer { name: "pool" type: "Pooling" bottom: "conv" top: "pool" top: "mask" pooling_param { pool: AVE kernel_h: 2 kernel_w: 3 } }
   layer { name: "all" type: "Pooling" bottom: "pool" top: "all" pooling_param { global_pooling: true } }
   layer { name: "drop" type: "Dropout" bottom: "all" top: "all" }
   layer { name: "ip" type: "InnerProduct" bottom: "all" top: "ip" inner_product_param { num_output: 3 } }
   layer { name: "sum" type: "Eltwise" bottom: "ip" bottom: "ip" top: "sum" }`,
);

test("layers are boxes with what matters of them, blobs are arrows", () => {
  const dot = dotOf(NET, { displayLrMult: true, shapes: new Map([["data", [1, 3, 8, 8]]]) });
  expect(dot).toContain('digraph "with \\"quotes\\""');
  expect(dot).toContain(
    'label="conv\\nConvolution\\n3×3, 8 outputs\\nstride 2, pad 1, dilation 2, group 4\\nlr_mult 2"',
  );
  expect(dot).toContain('label="pool\\nPooling\\nAVE 2×3"');
  expect(dot).toContain('label="all\\nPooling\\nMAX global"');
  expect(dot).toContain('label="drop\\nDropout\\nratio 0.5"');
  expect(dot).toContain('label="ip\\nInnerProduct\\n3 outputs"');
  expect(dot).toContain('label="sum\\nEltwise\\nSUM"');
  expect(dot).toContain('l0 -> l1 [label="data\\n1×3×8×8"]');
  expect(dot).toContain('l1 -> l2 [label="conv"]');
  expect(dot).toContain('l2 -> l3 [label="conv"]');
});

test("what nobody reads is drawn as an output", () => {
  const dot = dotOf(NET);
  expect(dot).toContain('l3 -> "out mask"');
  expect(dot).toContain('l7 -> "out sum"');
  expect(dot).not.toContain('"out conv"');
});
