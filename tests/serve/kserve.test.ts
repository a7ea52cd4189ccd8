// The requests that KServe's and Triton's pages show, on nets of the shapes that they speak of.
import { expect, test } from "vitest";
import { ask, modelFiles, saidBy, served } from "./served.ts";

test("KServe's request for irises", async () => {
  const files = modelFiles(`
    name: "sklearn-v2-iris"
    layer { name: "input-0" type: "Input" top: "input-0" input_param { shape { dim: 1 dim: 4 } } }
    layer { name: "ip" type: "InnerProduct" bottom: "input-0" top: "predict" inner_product_param { num_output: 3 weight_filler { type: "xavier" } } }`);
  await using serving = await served(files);
  const { status, json } = await ask(`${serving.url}/v2/models/sklearn-v2-iris/infer`, {
    inputs: [
      {
        name: "input-0",
        shape: [2, 4],
        datatype: "FP32",
        data: [
          [6.8, 2.8, 4.8, 1.4],
          [6.0, 3.4, 4.5, 1.6],
        ],
      },
    ],
  });
  expect(status).toBe(200);
  expect(json).toMatchObject({
    model_name: "sklearn-v2-iris",
    outputs: [{ name: "predict", shape: [2, 3], datatype: "FP32" }],
  });
});

test("the protocol's own example, in JSON and with binary tensors", async () => {
  const files = modelFiles(`
    name: "mymodel"
    layer { name: "input0" type: "Input" top: "input0" input_param { shape { dim: 2 dim: 2 } } }
    layer { name: "input1" type: "Input" top: "input1" input_param { shape { dim: 3 } } }
    layer { name: "half" type: "Power" bottom: "input0" top: "output0" power_param { scale: 0.5 } }
    layer { name: "ip" type: "InnerProduct" bottom: "input1" top: "output1" inner_product_param { num_output: 1 axis: 0 } }`);
  await using serving = await served(files);
  const url = `${serving.url}/v2/models/mymodel/infer`;
  const output = { name: "output0", shape: [2, 2], datatype: "FP32" };
  const { status, json } = await ask(url, {
    id: "42",
    inputs: [
      { name: "input0", shape: [2, 2], datatype: "UINT32", data: [1, 2, 3, 4] },
      { name: "input1", shape: [3], datatype: "BOOL", data: [true, false, true] },
    ],
    outputs: [{ name: "output0" }],
  });
  expect(status).toBe(200);
  const data = [0.5, 1, 1.5, 2];
  expect(json).toEqual({
    ...{ model_name: "mymodel", model_version: "1", id: "42" },
    outputs: [{ ...output, data }],
  });

  const head = JSON.stringify({
    model_name: "mymodel",
    inputs: [
      { name: "input0", shape: [2, 2], datatype: "UINT32", parameters: { binary_data_size: 16 } },
      { name: "input1", shape: [3], datatype: "BOOL", parameters: { binary_data_size: 3 } },
    ],
    outputs: [{ name: "output0", parameters: { binary_data: true } }],
  });
  const numbers = Buffer.from(Uint32Array.of(1, 2, 3, 4).buffer);
  const response = await fetch(url, {
    method: "POST",
    headers: {
      "content-type": "application/octet-stream",
      "inference-header-content-length": String(head.length),
    },
    body: Buffer.concat([Buffer.from(head), numbers, Buffer.of(1, 0, 1)]),
  });
  expect(response.headers.get("content-type")).toBe("application/octet-stream");
  const body = Buffer.from(await response.arrayBuffer());
  const length = Number(response.headers.get("inference-header-content-length"));
  expect(JSON.parse(body.subarray(0, length).toString()).outputs).toEqual([
    { ...output, parameters: { binary_data_size: 16 } },
  ]);
  expect(data.map((_, i) => body.readFloatLE(length + 4 * i))).toEqual(data);
});

test("Triton's requests: parameters that a net has no use for, wishes for all outputs in binary, raw data", async () => {
  const files = modelFiles();
  await using serving = await served(files);
  const url = `${serving.url}/v2/models/small/infer`;
  const expected = await saidBy(files, [[1, 2, 3]]);
  const floats = Float32Array.of(1, 2, 3);
  const input = { name: "data", shape: [1, 3], datatype: "FP32" };
  const tritons = { sequence_id: 42, sequence_start: true, priority: 0, timeout: 1000 };

  const plain = await ask(url, {
    id: "a/b \u00fc",
    parameters: tritons,
    inputs: [{ ...input, data: [[1, 2, 3]], parameters: { unknown: "x" } }],
  });
  expect(plain.json).toMatchObject({
    id: "a/b \u00fc",
    outputs: [{ name: "prob", data: expected }],
  });

  const head = JSON.stringify({
    parameters: { ...tritons, binary_data_output: true },
    inputs: [{ ...input, parameters: { binary_data_size: 12 } }],
  });
  const sent = async (body: Buffer, headerLength: number): Promise<Float32Array> => {
    const headers = { "inference-header-content-length": String(headerLength) };
    const response = await fetch(url, { method: "POST", headers, body: new Uint8Array(body) });
    expect(response.status).toBe(200);
    const bytes = Buffer.from(await response.arrayBuffer());
    const at = Number(response.headers.get("inference-header-content-length"));
    const told = JSON.parse(bytes.subarray(0, at).toString());
    expect(told.outputs).toEqual([
      { name: "prob", shape: [1, 4], datatype: "FP32", parameters: { binary_data_size: 16 } },
    ]);
    return new Float32Array(Uint8Array.from(bytes.subarray(at)).buffer);
  };
  const binary = Buffer.from(floats.buffer);
  expect([...(await sent(Buffer.concat([Buffer.from(head), binary]), head.length))]).toEqual(
    expected,
  );
  expect([...(await sent(binary, 0))]).toEqual(expected);

  // One output may be wished for in binary, of the others none come; the answer's ids are strings.
  const wrongId = await ask(url, { id: 42, inputs: [{ ...input, data: [1, 2, 3] }] });
  expect(wrongId).toMatchObject({
    status: 400,
    json: { error: expect.stringContaining("id is no string") },
  });
  const wrongOutput = await ask(url, {
    inputs: [{ ...input, data: [1, 2, 3] }],
    outputs: [{ name: "label" }],
  });
  expect(wrongOutput.json).toEqual({ error: 'there is no output "label". Expected "prob".' });
});
