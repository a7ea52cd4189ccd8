// Clients that misbehave, and one beside them that must not feel it.
import { connect, type Socket } from "node:net";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { ask, modelFiles, request, served } from "./served.ts";

/** A connection, all that came of it, and its end. */
function raw(url: string): { socket: Socket; text: () => string; ended: Promise<string> } {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  let text = "";
  socket.setEncoding("utf8").on("data", (chunk) => {
    text += chunk;
  });
  const ended = new Promise<string>((resolve) => {
    socket.on("error", () => {}).on("close", () => resolve(text));
  });
  return { socket, text: () => text, ended };
}

const POST = "POST /v2/models/small/infer HTTP/1.1\r\nHost: a\r\n";

test("garbage, slow and endless clients are sent away, and nobody else notices", async () => {
  await using serving = await served(modelFiles(), { receiveTimeout: 700, maxBody: 100_000 });
  const { url } = serving;
  const fine = async (): Promise<void> => {
    const { status } = await ask(`${url}/v2/models/small/infer`, request([[1, 2, 3]]));
    expect(status).toBe(200);
  };

  const garbage = raw(url);
  garbage.socket.write("\x16\x03\x01 no HTTP at all\r\n\r\n");
  expect(await garbage.ended).toMatch(/^HTTP\/1.1 400/);

  const heads = raw(url);
  heads.socket.write(`GET /v2 HTTP/1.1\r\nHost: a\r\nx: ${"y".repeat(40_000)}\r\n\r\n`);
  expect(await heads.ended).toMatch(/^HTTP\/1.1 431/);

  // Slow loris: a header now and then, for ever.
  const loris = raw(url);
  loris.socket.write("GET /v2 HTTP/1.1\r\n");
  const drip = setInterval(() => loris.socket.write("x: y\r\n"), 50);
  // A body of which a byte comes now and then.
  const slow = raw(url);
  slow.socket.write(`${POST}Content-Length: 90000\r\n\r\n`);
  const trickle = setInterval(() => slow.socket.write(" "), 50);
  await fine();
  expect(await loris.ended).toMatch(/^HTTP\/1.1 408/);
  expect(await slow.ended).toMatch(/^HTTP\/1.1 408|^$/);
  clearInterval(drip);
  clearInterval(trickle);

  const endless = raw(url);
  endless.socket.write(`${POST}Transfer-Encoding: chunked\r\n\r\n`);
  const flood = setInterval(() => endless.socket.write(`2000\r\n${"1".repeat(0x2000)}\r\n`), 1);
  expect(await endless.ended).toMatch(/^HTTP\/1.1 413[\s\S]*larger than 100000 bytes/);
  clearInterval(flood);

  const huge = raw(url);
  huge.socket.write(`${POST}Content-Length: 100000000000\r\nExpect: 100-continue\r\n\r\n`);
  expect(await huge.ended).toMatch(/^HTTP\/1.1 413/);

  // Who goes away in the middle of a body, or before the answer.
  const gone = raw(url);
  gone.socket.write(`${POST}Content-Length: 100\r\n\r\n{`);
  await new Promise((resolve) => setTimeout(resolve, 50));
  gone.socket.destroy();
  const body = JSON.stringify(request([[1, 2, 3]]));
  for (let i = 0; i < 20; i++) {
    const { socket } = raw(url);
    socket.write(`${POST}Content-Length: ${body.length}\r\n\r\n${body}`, () => socket.destroy());
  }
  await fine();

  const packed = gzipSync(body);
  const zipped = { "content-encoding": "gzip" };
  expect((await ask(`${url}/v2/models/small/infer`, new Uint8Array(packed), zipped)).status).toBe(
    200,
  );
  const bomb = new Uint8Array(gzipSync(Buffer.alloc(20_000_000)));
  expect((await ask(`${url}/v2/models/small/infer`, bomb, zipped)).status).toBe(413);
  const torn = new Uint8Array(packed.subarray(0, 30));
  expect((await ask(`${url}/v2/models/small/infer`, torn, zipped)).status).toBe(400);
  const other = { "content-encoding": "lzma" };
  expect((await ask(`${url}/v2/models/small/infer`, "a", other)).status).toBe(415);
  await fine();
  const metrics = await (await fetch(`${url}/metrics`)).text();
  expect(metrics).toMatch(/caffe_requests_total\{model="small",code="413"\} [3-9]/);
  expect(metrics).toMatch(/caffe_queue_length\{model="small"\} 0/);
});

test("much JSON is refused with what to send in its place", async () => {
  await using serving = await served(modelFiles(), { maxJson: 200 });
  const url = `${serving.url}/v2/models/small/infer`;
  expect((await ask(url, request([[1, 2, 3]]))).status).toBe(200);
  const { status, json } = await ask(url, request([[1, 2, 3]], { id: "4".repeat(200) }));
  expect(status).toBe(413);
  expect(json.error).toMatch(/the JSON has \d+ bytes. Expected 200 at most; .*binary tensors/);
  // What stands behind the JSON does not count.
  const parameters = { binary_data_size: 24 * 3 };
  const head = JSON.stringify({
    inputs: [{ name: "data", shape: [3, 3], datatype: "FP64", parameters }],
  });
  const whole = new Uint8Array(Buffer.concat([Buffer.from(head), Buffer.alloc(24 * 3)]));
  expect(whole.length).toBeLessThan(400);
  const length = { "inference-header-content-length": String(head.length) };
  expect((await ask(url, whole, length)).status).toBe(200);
});

test("what does not fit the net is refused in words", async () => {
  await using serving = await served(modelFiles());
  const url = `${serving.url}/v2/models/small/infer`;
  const refused = async (body: object | string, headers = {}): Promise<string> => {
    const { status, json } = await ask(url, body, headers);
    expect(status).toBe(400);
    return json.error;
  };
  const input = { name: "data", shape: [1, 3], datatype: "FP32", data: [1, 2, 3] };
  const of = (more: object): object => ({ inputs: [{ ...input, ...more }] });
  expect(await refused("{")).toContain("the body is no JSON");
  expect(await refused("[]")).toContain("the body is []. Expected an object");
  expect(await refused({})).toContain("inputs is no list");
  expect(await refused({ inputs: [] })).toContain('input "data" is missing');
  expect(await refused({ inputs: [input, input] })).toContain("given twice");
  expect(await refused(of({ name: "x" }))).toContain('there is no input "x". Expected "data"');
  expect(await refused(of({ shape: [1, 4] }))).toContain("[1,4]. Expected [1 to 8, 3]");
  expect(await refused(of({ shape: [9, 3] }))).toContain("[9,3]");
  expect(await refused(of({ shape: [0, 3] }))).toContain("[0,3]");
  expect(await refused(of({ shape: [1e9, 1e9] }))).toContain("shape");
  expect(await refused(of({ shape: undefined }))).toContain("shape none");
  expect(await refused(of({ datatype: "FP8" }))).toContain('datatype "FP8"');
  expect(await refused(of({ data: [1, 2] }))).toContain("has 2 elements");
  expect(await refused(of({ data: [1, 2, 3, 4] }))).toContain("has more elements");
  expect(await refused(of({ data: [1, "2", 3] }))).toContain('holds "2"');
  expect(await refused(of({ datatype: "UINT8", data: [1, 2, 256] }))).toContain("holds 256");
  expect(await refused(of({ datatype: "INT32", data: [1, 2, 0.5] }))).toContain("holds 0.5");
  expect(await refused({ ...of({}), id: 3 })).toContain("id is no string");
  expect(await refused({ ...of({}), outputs: [{ name: "ip" }] })).toContain(
    'there is no output "ip"',
  );
  const classes = { name: "prob", parameters: { classification: 0 } };
  expect(await refused({ ...of({}), outputs: [classes] })).toContain("classification");
  const sized = of({ data: undefined, parameters: { binary_data_size: 12 } });
  expect(await refused(sized)).toContain("binary_data_size 12, and 0 bytes follow");
  const far = { "inference-header-content-length": "99999" };
  expect(await refused(sized, far)).toContain("and the body has");
  const wrong = { "inference-header-content-length": "x" };
  expect(await refused(sized, wrong)).toContain("is no number");
});

test("binary tensors go and come, of every datatype", async () => {
  await using serving = await served(modelFiles());
  const url = `${serving.url}/v2/models/small/infer`;
  const [expected] = (await ask(url, request([[1, 2, 3]]))).json.outputs;
  const binary = async (
    datatype: string,
    data: ArrayBufferView<ArrayBuffer>,
  ): Promise<number[]> => {
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    const head = JSON.stringify({
      inputs: [
        { name: "data", shape: [1, 3], datatype, parameters: { binary_data_size: bytes.length } },
      ],
      parameters: { binary_data_output: true },
    });
    const response = await fetch(url, {
      method: "POST",
      headers: { "inference-header-content-length": String(head.length) },
      body: Buffer.concat([Buffer.from(head), bytes]),
    });
    expect(response.status).toBe(200);
    const length = Number(response.headers.get("inference-header-content-length"));
    const body = Buffer.from(await response.arrayBuffer());
    const { outputs } = JSON.parse(body.subarray(0, length).toString());
    expect(outputs).toEqual([
      { name: "prob", shape: [1, 4], datatype: "FP32", parameters: { binary_data_size: 16 } },
    ]);
    return Array.from({ length: 4 }, (_, i) => body.readFloatLE(length + 4 * i));
  };
  const values = [1, 2, 3];
  const halves = Uint16Array.of(0x3c00, 0x4000, 0x4200);
  const all: [string, ArrayBufferView<ArrayBuffer>][] = [
    ["FP32", Float32Array.from(values)],
    ["FP64", Float64Array.from(values)],
    ["FP16", halves],
    ["INT8", Int8Array.from(values)],
    ["INT16", Int16Array.from(values)],
    ["INT32", Int32Array.from(values)],
    ["INT64", BigInt64Array.from(values, BigInt)],
    ["UINT8", Uint8Array.from(values)],
    ["UINT16", Uint16Array.from(values)],
    ["UINT32", Uint32Array.from(values)],
    ["UINT64", BigUint64Array.from(values, BigInt)],
  ];
  for (const [datatype, data] of all) expect(await binary(datatype, data)).toEqual(expected.data);
  // The body alone, one row.
  const response = await fetch(url, {
    method: "POST",
    headers: { "inference-header-content-length": "0" },
    body: new Uint8Array(Float32Array.from(values).buffer),
  });
  const length = Number(response.headers.get("inference-header-content-length"));
  const body = Buffer.from(await response.arrayBuffer());
  expect(body.readFloatLE(length)).toBe(expected.data[0]);
});

test("a server that is closed answers what it has begun, and takes no more", async () => {
  const serving = await served(modelFiles());
  const { url } = serving;
  const body = JSON.stringify(request([[1, 2, 3]]));
  const begun = raw(url);
  begun.socket.write(`${POST}Content-Length: ${body.length}\r\n\r\n${body.slice(0, 20)}`);
  await new Promise((resolve) => setTimeout(resolve, 100));
  const closed = serving.close();
  await expect(fetch(`${url}/v2/health/live`)).rejects.toThrow();
  begun.socket.write(body.slice(20));
  expect(await begun.ended).toMatch(/^HTTP\/1.1 200[\s\S]*Connection: close/i);
  await closed;

  // Who never ends its request is not waited for longer than is said.
  const stuck = await served(modelFiles(), { drain: 100 });
  const never = raw(stuck.url);
  never.socket.write(`${POST}Content-Length: 100\r\n\r\n{`);
  await new Promise((resolve) => setTimeout(resolve, 100));
  await stuck.close();
  await never.ended;
});
