import { setTimeout as pause } from "node:timers/promises";
import { expect, test } from "vitest";
import { Turns } from "../../src/util/turns.ts";

/** Takes a turn that says when it begins and ends. */
const said = (turns: Turns, told: string[], name: string, ms = 1): Promise<string> =>
  turns.take(async () => {
    told.push(`<${name}`);
    await pause(ms);
    told.push(`${name}>`);
    return name;
  });

test("work is done in the order in which it was asked for, at once where nothing is before it", async () => {
  const turns = new Turns();
  const told: string[] = [];
  const all = [said(turns, told, "a", 9), said(turns, told, "b"), said(turns, told, "c")];
  expect(told).toEqual(["<a"]);
  expect(turns.areTaken).toBe(true);
  expect(await Promise.all(all)).toEqual(["a", "b", "c"]);
  expect(told).toEqual(["<a", "a>", "<b", "b>", "<c", "c>"]);
  expect(turns.areTaken).toBe(false);
  expect(await turns.take(() => 3)).toBe(3);
});

test("what fails tells its own caller, and the next runs", async () => {
  const turns = new Turns();
  const results = await Promise.allSettled([
    turns.take(() => {
      throw new Error("at once");
    }),
    turns.take(() => Promise.reject(new Error("later"))),
    turns.take(() => "right"),
  ]);
  expect(
    results.map((one) => (one.status === "fulfilled" ? one.value : one.reason.message)),
  ).toEqual(["at once", "later", "right"]);
});

test("aside lets others in, and waits for them", async () => {
  const turns = new Turns();
  const told: string[] = [];
  const outer = turns.take(async () => {
    told.push("<outer");
    await pause(1);
    await turns.aside(async () => {
      await said(turns, told, "inner");
      // Nobody waits for this one but aside itself.
      void said(turns, told, "left alone", 5);
    });
    told.push("outer>");
  });
  await Promise.all([outer, said(turns, told, "next")]);
  expect(told).toEqual([
    ..."<outer|<inner|inner>|<left alone|left alone>|outer>|<next|next>".split("|"),
  ]);
  await expect(
    turns.take(() =>
      turns.aside(() => {
        throw new Error("aside");
      }),
    ),
  ).rejects.toThrow("aside");
  expect(turns.areTaken).toBe(false);
});
