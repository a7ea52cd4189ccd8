import { expect, test } from "vitest";
import type { Question } from "../../../src/serve/models/messages.ts";
import type { ModelHost } from "../../../src/serve/models/model-host.ts";
import type { ModelFacts } from "../../../src/serve/models/model-plan.ts";
import { areShort, ShortPassesNear } from "../../../src/serve/models/short-passes.ts";
import { deferred } from "../../../src/util/promises.ts";

const facts = (passTime: number): ModelFacts => ({
  ...{ netName: "small", maxBatch: 64, labels: [], threads: 1, joinsPictures: false, passTime },
  ...{ inputs: [], outputs: [] },
});

/** A host that notes what it is asked. */
function host(asked: string[], name: string): ModelHost {
  return {
    facts: facts(0.1),
    ask: async () => {
      asked.push(name);
      return { answer: { outputs: {} }, milliseconds: 0 };
    },
    close: async () => void asked.push(`${name} closed`),
  };
}

test("passes are short that take less than their way to a thread; what has not been timed is not", () => {
  expect([0.1, 5, Number.POSITIVE_INFINITY].map((time) => areShort(facts(time)))).toEqual([
    ...[true, false, false],
  ]);
});

test("until it is open here, and where it cannot be, all run in the thread", async () => {
  const asked: string[] = [];
  const opening = deferred<ModelHost | undefined>();
  const [soon, never] = [opening.promise, Promise.resolve(undefined)].map(
    (near) => new ShortPassesNear(host(asked, "thread"), Promise.resolve(undefined), near),
  ) as [ShortPassesNear, ShortPassesNear];
  const row: Question = { inputs: {}, rows: 1 };
  await soon.ask(row);
  opening.resolve(host(asked, "here"));
  await opening.promise;
  await soon.ask(row);
  await never.ask(row);
  expect(asked).toEqual(["thread", "here", "thread"]);
  await Promise.all([soon.close(), never.close()]);
  expect(asked.slice(3).sort()).toEqual(["here closed", "thread closed", "thread closed"]);
});

test("few rows run near; many, pictures and what cannot be joined in the thread", async () => {
  const asked: string[] = [];
  const near = Promise.resolve(host(asked, "here"));
  const both = new ShortPassesNear(host(asked, "thread"), Promise.resolve(undefined), near);
  await near;
  const rows = (count: number): Question => ({ inputs: {}, rows: count });
  await both.ask(rows(1));
  await both.ask(rows(8));
  await both.ask(rows(9));
  await both.ask(rows(0));
  expect(asked).toEqual(["here", "here", "thread", "thread"]);
  await both.close();
  expect(asked.slice(4).sort()).toEqual(["here closed", "thread closed"]);
});
