// What is said between two processes, one of which is here: what the other says lies in the socket before it is asked.
import { closeSync } from "node:fs";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Blob } from "../../src/blob/blob.ts";
import { bridgeAddon } from "../../src/bridge/addon.ts";
import { blobRequests } from "../../src/bridge/blob-requests.ts";
import { Channel } from "../../src/bridge/channel.ts";
import { Held } from "../../src/bridge/held.ts";
import { Bytes, isOfPeer, type Request, Session } from "../../src/bridge/session.ts";
import { CaffeError, LayerError } from "../../src/util/errors.ts";

let open: Set<number>;
let session: Session;
/** The other side: what it says is read by the session, what it hears was said by that. */
let other: Channel;
/** Ends what the other side says; it goes on hearing. */
let endOfOther: () => void;

const requests: Readonly<Record<string, Request>> = {
  ...blobRequests,
  add: (_, args) => args.number("a") + args.number("b"),
  nothing: () => {},
  bytes: (_session, _args, bytes) => new Bytes("turned", Uint8Array.from(bytes).reverse()),
  later: async (_, args) => args.number("value"),
  refused: () => {
    throw new CaffeError("no such thing.");
  },
  fault: () => (undefined as unknown as { x: number }).x,
  ask: (to) => to.call("question"),
  askInLayer: (to) => {
    try {
      return to.call("question");
    } catch (cause) {
      throw new LayerError({ name: "mine", type: "Python" }, "failed", { cause });
    }
  },
};

beforeEach(() => {
  const { socketPair } = bridgeAddon();
  const [said, heard] = [socketPair(), socketPair()];
  open = new Set([...said, ...heard]);
  session = new Session(new Channel(said[1], heard[0]), requests, () => "the other has ended.");
  other = new Channel(heard[1], said[0]);
  endOfOther = () => {
    closeSync(said[0]);
    open.delete(said[0]);
  };
});
afterEach(() => open.forEach((one) => void closeSync(one)));

test("a question is asked, and has its answer", () => {
  other.send({ ok: { a: [1] } });
  expect(session.call("question", { value: 3 })).toEqual({ a: [1] });
  expect(other.receive()?.head).toEqual({ op: "question", value: 3 });
  other.send({ ok: null });
  expect(session.call("question")).toBeNull();
});

test("while it waits it answers what the other side asks in between", () => {
  expect(session.isWithinCall).toBe(false);
  for (const head of [{ op: "add", a: 1, b: 2 }, { op: "nothing" }, { ok: 7 }]) other.send(head);
  expect(session.call("question")).toBe(7);
  expect([1, 2, 3].map(() => other.receive()?.head)).toEqual([
    { op: "question" },
    { ok: 3 },
    { ok: null },
  ]);
});

test("questions within questions come back in their order", () => {
  for (const head of [{ op: "ask" }, { op: "add", a: 1, b: 1 }, { ok: "in" }, { ok: "out" }]) {
    other.send(head);
  }
  expect(session.call("question")).toBe("out");
  const said = [1, 2, 3, 4].map(() => other.receive()?.head);
  expect(said).toEqual([{ op: "question" }, { op: "question" }, { ok: 2 }, { ok: "in" }]);
});

test("an exception of the other side keeps its words and its number, and names the layer where it comes back", () => {
  other.send({ error: { kind: "ValueError", message: "bad luck", id: 12 } });
  let thrown: unknown;
  try {
    session.call("question");
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toMatchObject({ message: "bad luck", id: 12 });
  expect(isOfPeer(thrown)).toBe(true);
  expect(isOfPeer(new CaffeError("ours"))).toBe(false);
  other.receive();
  const bad = { error: { kind: "ValueError", message: "worse", id: 13 } };
  for (const head of [{ op: "askInLayer" }, bad, { ok: 0 }]) other.send(head);
  session.call("question");
  const heard = [1, 2, 3].map(() => other.receive()?.head);
  expect(heard[2]).toEqual({
    error: { kind: "LayerError", message: expect.stringContaining("mine"), id: 13, layer: "mine" },
  });
});

test("what cannot wait within a call is refused, and the call goes on", () => {
  for (const head of [{ op: "later", value: 1 }, { op: "none" }, { ok: 1 }]) other.send(head);
  expect(session.call("question")).toBe(1);
  other.receive();
  const texts = [1, 2].map(() => JSON.stringify(other.receive()?.head));
  expect(texts[0]).toMatch(/later is asked for within a layer or a callback/);
  expect(texts[1]).toMatch(/there is no request none/);
});

test("where the other side ends before its answer, this call and all that follow say so", () => {
  endOfOther();
  expect(() => session.call("question")).toThrow("the other has ended.");
  expect(() => session.call("again")).toThrow("the other has ended.");
  expect(other.receive()?.head["op"]).toBe("question");
});

test("serve answers one question after the other until the other side ends", async () => {
  other.send({ op: "add", a: 0.5, b: 2 });
  other.send({ op: "later", value: -1 });
  other.send({ op: "later", value: Number.NaN });
  other.send({ op: "add", a: 1e308, b: 1e308 });
  other.send({ op: "bytes" }, Uint8Array.of(1, 2, 3));
  other.send({ op: "nothing" });
  endOfOther();
  await session.serve();
  const answers = Array.from({ length: 6 }, () => other.receive());
  expect(answers.map((one) => one?.head)).toEqual([
    { ok: 2.5 },
    { ok: -1 },
    // JSON has neither NaN nor infinity: null is no number.
    { error: expect.objectContaining({ message: expect.stringContaining("value is null") }) },
    { number: "Infinity" },
    { ok: "turned" },
    { ok: null },
  ]);
  expect([...(answers[4]?.bytes ?? [])]).toEqual([3, 2, 1]);
  expect(() => session.call("question")).toThrow("the other has ended.");
});

test("a refusal has the error's words; a fault of the program's has the lines that led there", async () => {
  for (const op of ["refused", "fault", "toString"]) other.send({ op });
  other.send({});
  endOfOther();
  await session.serve();
  const errors = [1, 2, 3, 4].map(() => other.receive()?.head["error"]);
  expect(errors[0]).toEqual({ kind: "CaffeError", message: "no such thing." });
  expect(errors[1]).toMatchObject({ kind: "TypeError", message: expect.stringMatching(/\n +at /) });
  expect(errors[2]).toMatchObject({ message: expect.stringContaining("no request toString") });
  expect(errors[3]).toMatchObject({ message: expect.stringContaining("no request undefined") });
});

test("what the other side may forget is told once, with what is said next", () => {
  session.forget(4);
  session.forget(5);
  for (const head of [{ ok: 0 }, { ok: 0 }]) other.send(head);
  session.call("question");
  session.call("question");
  expect(other.receive()?.head).toEqual({ op: "question", forgotten: [4, 5] });
  expect(other.receive()?.head).toEqual({ op: "question" });
});

test("what is given up is closed, with all that was known of it", () => {
  let closed = 0;
  const held = new Held(() => {
    closed++;
  });
  const blob = new Blob([2]);
  const number = session.references.take(blob);
  held.numbers.push(number);
  const heldNumber = session.references.take(held);
  other.send({ ok: 0, given_up: [heldNumber, heldNumber, 999] });
  session.call("question");
  expect(closed).toBe(1);
  expect(() => session.references.get(number, Blob)).toThrow("there is no Blob");
});

test("blobs are read, written and reshaped by their numbers", async () => {
  const blob = new Blob([2]);
  blob.assign([1, Number.NaN]);
  const number = session.references.take(blob);
  const floats = (...values: number[]): Uint8Array =>
    new Uint8Array(Float32Array.from(values).buffer);
  other.send({ op: "blob.read", blob: number, side: "data" });
  other.send({ op: "blob.write", blob: number, side: "diff" }, floats(5, 6));
  other.send({ op: "blob.write", blob: number, side: "data" }, floats(5));
  other.send({ op: "blob.reshape", blob: number, shape: [2, 1] });
  other.send({ op: "blob.shape", blob: number });
  other.send({ op: "blob.read", blob: number, side: "neither" });
  other.send({ op: "blob.read", blob: number + 1, side: "data" });
  endOfOther();
  await session.serve();
  const answers = Array.from({ length: 7 }, () => other.receive());
  expect(answers[0]?.head).toEqual({ ok: { shape: [2] } });
  expect(answers[0]?.bytes).toEqual(Buffer.from(floats(1, Number.NaN)));
  expect([...blob.diffValues()]).toEqual([5, 6]);
  const texts = answers.map((one) => JSON.stringify(one?.head));
  expect(texts[2]).toContain("1 values are given for a blob of 2");
  expect(answers[4]?.head["ok"]).toEqual([2, 1]);
  expect(texts[5]).toContain('side is \\"neither\\"');
  expect(texts[6]).toContain(`there is no Blob ${number + 1}`);
});
