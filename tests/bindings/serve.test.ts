// `caffe bridge` as a program in another language has it: messages over its standard streams.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { temporaryFolder } from "../support/temporary-folder.ts";

interface Answer {
  readonly head: {
    readonly ok?: never;
    readonly number?: string;
    readonly error?: { readonly kind: string; readonly message: string };
  };
  readonly bytes: Buffer;
}

/** The engine's process, which answers one question after the other. */
class Engine {
  readonly child: ChildProcess;
  readonly ended: Promise<unknown[]>;
  stderr = "";
  #came = Buffer.alloc(0);
  #wanted: (() => void) | undefined;

  constructor(cwd: string) {
    const env = { ...process.env, GOMP_SPINCOUNT: "0" };
    this.child = spawn(process.execPath, [join(process.cwd(), "bin/caffe"), "bridge"], {
      cwd,
      env,
    });
    this.child.stdout?.on("data", (part: Buffer) => {
      this.#came = Buffer.concat([this.#came, part]);
      this.#wanted?.();
    });
    this.child.stderr?.on("data", (text: Buffer) => {
      this.stderr += text;
    });
    this.ended = once(this.child, "close");
    this.child.once("close", () => this.#wanted?.());
  }

  write(bytes: Uint8Array): void {
    this.child.stdin?.write(bytes);
  }

  async ask(
    op: string,
    fields: object = {},
    bytes: Uint8Array = new Uint8Array(0),
  ): Promise<Answer> {
    const text = Buffer.from(JSON.stringify({ op, ...fields }));
    const prefix = Buffer.alloc(8);
    prefix.writeUInt32LE(text.length, 0);
    prefix.writeUInt32LE(bytes.byteLength, 4);
    this.write(Buffer.concat([prefix, text, bytes]));
    return this.answer();
  }

  async answer(): Promise<Answer> {
    await this.#until(8);
    const text = 8 + this.#came.readUInt32LE(0);
    const end = text + this.#came.readUInt32LE(4);
    await this.#until(end);
    const head = JSON.parse(this.#came.toString("utf8", 8, text)) as Answer["head"];
    const bytes = this.#came.subarray(text, end);
    this.#came = this.#came.subarray(end);
    return { head, bytes };
  }

  async #until(length: number): Promise<void> {
    while (this.#came.length < length) {
      if (this.child.exitCode !== null) throw new Error(`the engine has ended: ${this.stderr}`);
      await new Promise<void>((resolve) => {
        this.#wanted = resolve;
      });
    }
  }
}

const folder = temporaryFolder();
let engine: Engine;
beforeAll(() => {
  writeFileSync(
    join(folder, "net.prototxt"),
    `layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 2 dim: 2 } } }
     layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip" inner_product_param {
       num_output: 1 weight_filler { type: "constant" value: 2 } } }
     layer { name: "loss" type: "Reduction" bottom: "ip" top: "loss" loss_weight: 0.5 }`,
  );
  writeFileSync(
    join(folder, "solver.prototxt"),
    'net: "net.prototxt" base_lr: 0.1 lr_policy: "fixed" max_iter: 3 snapshot_prefix: "snap"',
  );
  engine = new Engine(folder);
});
afterAll(() => {
  engine.child.kill("SIGKILL");
});

const floats = (...values: number[]): Uint8Array =>
  new Uint8Array(Float32Array.from(values).buffer);

test("a net is told of, runs, is read, written, saved and given up", async () => {
  const { head } = await engine.ask("net.open", { file: "net.prototxt", phase: "TEST" });
  const facts = head.ok as unknown as {
    net: number;
    held: number;
    layers: { name: string; type: string; blobs: number[]; bottoms: number[]; tops: number[] }[];
    blobs: [string, number, number][];
    inputs: number[];
    outputs: number[];
  };
  expect(facts.layers.map(({ name, type, bottoms, tops }) => [name, type, bottoms, tops])).toEqual([
    ["data", "Input", [], [0]],
    ["ip", "InnerProduct", [0], [1]],
    ["loss", "Reduction", [1], [2]],
  ]);
  expect(facts.blobs.map(([name, , weight]) => [name, weight])).toEqual([
    ["data", 0],
    ["ip", 0],
    ["loss", 0.5],
  ]);
  expect([facts.inputs, facts.outputs]).toEqual([[0], [2]]);
  const [data, ip] = facts.blobs.map(([, number]) => number);
  const { net } = facts;
  await engine.ask("blob.write", { blob: data, side: "data" }, floats(1, 2, 3, 4));
  expect((await engine.ask("net.forward", { net, from: 0, to: 2 })).head).toEqual({ ok: 10 });
  const read = await engine.ask("blob.read", { blob: ip, side: "data" });
  expect(read).toEqual({ head: { ok: { shape: [2, 1] } }, bytes: Buffer.from(floats(6, 14)) });
  await engine.ask("net.backward", { net, from: 2, to: 0 });
  const diff = await engine.ask("blob.read", { blob: facts.layers[1]?.blobs[0], side: "diff" });
  expect(diff.bytes).toEqual(Buffer.from(floats(2, 3)));
  await engine.ask("blob.write", { blob: data, side: "data" }, floats(Number.NaN, 0, 0, 0));
  expect((await engine.ask("net.forward", { net, from: 0, to: 2 })).head).toEqual({
    number: "NaN",
  });
  await engine.ask("net.save", { net, file: "saved.caffemodel" });
  expect(existsSync(join(folder, "saved.caffemodel"))).toBe(true);
  const after = await engine.ask("net.reshape", { net, given_up: [facts.held] });
  expect(after.head.error?.message).toBe(
    `there is no Net ${net}. Expected one that was not given up.`,
  );
});

test("a solver steps, tells of its rate, solves, and goes on from its snapshot", async () => {
  const { head } = await engine.ask("solver.open", { file: "solver.prototxt", type: "Nesterov" });
  const { solver, type } = head.ok as unknown as { solver: number; type: string };
  expect(type).toBe("Nesterov");
  const ask = async (op: string, fields: object = {}): Promise<unknown> =>
    (await engine.ask(`solver.${op}`, { solver, ...fields })).head.ok;
  await ask("step", { iterations: 2 });
  expect(await ask("iter")).toBe(2);
  expect(await ask("rate")).toBe(Math.fround(0.1));
  await ask("setBaseRate", { value: 0.01 });
  expect(await ask("get", { field: "base_lr" })).toBe(0.01);
  expect(await ask("get", { field: "display" })).toBeNull();
  await ask("solve");
  expect(await ask("iter")).toBe(3);
  await ask("step", { iterations: 1 });
  await ask("restore", { file: "snap_iter_3.solverstate" });
  expect(await ask("iter")).toBe(3);
});

test.each([
  ["none", {}, "there is no request none"],
  ["net.open", {}, "request net.open: file is undefined. Expected a text."],
  ["net.open", { file: "absent.prototxt", phase: "TEST" }, "absent.prototxt"],
  ["net.forward", { net: 1e9, from: 0, to: 0 }, "there is no Net 1000000000"],
  ["solver.open", { file: "net.prototxt" }, "net.prototxt"],
  ["setFolder", { folder: "nowhere" }, "ENOENT"],
])("%s %j is refused in words, and the engine goes on", async (op, fields, words) => {
  const { head } = await engine.ask(op, fields);
  expect(head.error?.message).toContain(words);
  expect((await engine.ask("sync", { token: "still here" })).head).toEqual({ ok: "still here" });
});

test("an engine ends well where its program ends, also in the middle of a message", async () => {
  for (const rest of [0, 5, 20]) {
    const ending = new Engine(folder);
    await ending.ask("version");
    const message = Buffer.concat([
      Buffer.of(12, 0, 0, 0, 4, 0, 0, 0),
      Buffer.from('{"op":"sync"}'),
    ]);
    ending.child.stdin?.end(message.subarray(0, rest));
    const [code, signal] = await ending.ended;
    expect([rest, code, signal, ending.stderr]).toEqual([rest, 0, null, ""]);
  }
});
