import { closeSync, writeSync } from "node:fs";
import { afterEach, beforeEach, expect, test } from "vitest";
import { bridgeAddon } from "../../src/bridge/addon.ts";
import { Channel } from "../../src/bridge/channel.ts";

let ours: number;
let theirs: number;
let open: Set<number>;

beforeEach(() => {
  [ours, theirs] = bridgeAddon().socketPair();
  open = new Set([ours, theirs]);
});
afterEach(() => open.forEach((one) => void closeSync(one)));

function end(descriptor: number): void {
  closeSync(descriptor);
  open.delete(descriptor);
}

const prefix = (text: number, bytes: number): Buffer => {
  const of = Buffer.alloc(8);
  of.writeUInt32LE(text, 0);
  of.writeUInt32LE(bytes, 4);
  return of;
};

test("a message comes as it was sent", () => {
  const [here, there] = [new Channel(ours, ours), new Channel(theirs, theirs)];
  const head = { op: "größer", list: [1, -2.5, null], of: { "": true } };
  here.send(head, Uint8Array.of(0, 255, 10));
  here.send({});
  there.send({ ok: "𝒳" });
  expect(there.receive()).toEqual({ head, bytes: Buffer.from([0, 255, 10]) });
  expect(there.receive()).toEqual({ head: {}, bytes: Buffer.alloc(0) });
  expect(here.receive()?.head).toEqual({ ok: "𝒳" });
});

// What is sent has to fit into the socket: nobody reads meanwhile.
test("messages of every length about that of the buffer come whole, in pieces or many at once", () => {
  const here = new Channel(ours, ours);
  const text = (length: number): string => "ü".repeat(length);
  for (const length of [0, 1, 21_000, 21_835, 32_768]) {
    for (const bytes of [0, 1, 65_535, 65_536, 65_537]) {
      const reader = new Channel(theirs, theirs);
      const sent = Uint8Array.from({ length: bytes }, (_, i) => i % 251);
      here.send({ text: text(length) }, sent);
      const got = reader.receive();
      expect(got?.head).toEqual({ text: text(length) });
      expect(got?.bytes.equals(sent), `${length} ${bytes}`).toBe(true);
    }
  }
  const reader = new Channel(theirs, theirs);
  for (let i = 0; i < 100; i++) here.send({ i }, new Uint8Array(i));
  for (let i = 0; i < 100; i++) {
    expect(reader.receive()).toEqual({ head: { i }, bytes: Buffer.alloc(i) });
  }
});

test.each([
  ["between messages", Buffer.alloc(0)],
  ["within the lengths", prefix(2, 0).subarray(0, 5)],
  ["before the text", prefix(2, 0)],
  ["within the text", Buffer.concat([prefix(2, 0), Buffer.from("{")])],
  ["before the bytes", Buffer.concat([prefix(2, 4), Buffer.from("{}")])],
  ["within the bytes", Buffer.concat([prefix(2, 4), Buffer.from("{}12")])],
  ["within many bytes", Buffer.concat([prefix(2, 100_000), Buffer.from(`{}${"1".repeat(9_000)}`)])],
])("where the other side ends %s there is no message", (_, sent) => {
  const here = new Channel(ours, ours);
  new Channel(theirs, theirs).send({ before: 1 });
  if (sent.length > 0) writeSync(theirs, sent);
  end(theirs);
  expect(here.receive()?.head).toEqual({ before: 1 });
  expect(here.receive()).toBeUndefined();
  expect(here.receive()).toBeUndefined();
});

test("what is sent to a side that has ended is lost, and nothing is said", () => {
  const here = new Channel(ours, ours);
  end(theirs);
  here.send({ op: "a" }, new Uint8Array(1_000_000));
  here.send({ op: "b" });
  expect(here.receive()).toBeUndefined();
});

test("a side that ends with something unread has ended", () => {
  const here = new Channel(ours, ours);
  here.send({ op: "never read" });
  end(theirs);
  expect(here.receive()).toBeUndefined();
});

test("a descriptor that is none is an error", () => {
  end(theirs);
  end(ours);
  const here = new Channel(ours, ours);
  expect(() => here.send({})).toThrow("EBADF");
  expect(() => here.receive()).toThrow("EBADF");
});
