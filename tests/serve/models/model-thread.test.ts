import { expect, test } from "vitest";
import type { Question, ThreadData } from "../../../src/serve/models/messages.ts";
import type { ModelHost } from "../../../src/serve/models/model-host.ts";
import { openModel } from "../../../src/serve/models/model-thread.ts";
import { modelFiles, saidBy } from "../served.ts";

/** The thread's source: the tests run no compiled one. */
const THREAD = new URL("../../../src/serve/models/thread.ts", import.meta.url);

const files = modelFiles();
const plan = { model: files.model, weights: [files.weights], maxBatch: 8 };
const data: ThreadData = { plan, isShared: false, before: undefined };

/** Opens it in a thread; what is logged, and an end that nobody asked for, go to `heard`. */
const open = (heard: string[]): Promise<ModelHost> => {
  return openModel(
    data,
    (severity, _source, message) => void (severity !== "info" && heard.push(message)),
    (_host, why) => void heard.push(why.message),
    THREAD,
  );
};

test("answers at once, and while it finds out how fast it is; passes that are short run here then", async () => {
  const heard: string[] = [];
  const row = [1, -2, 0.5];
  const wanted = await saidBy(files, [row]);
  const opening = Promise.all([open(heard), open(heard)]);
  // One that is closed while it is tuned ends, and says nothing.
  const leaving = opening.then(([, left]) => left.close());
  const [host] = await opening;
  const question = (): Question => ({
    inputs: { data: { shape: [1, 3], data: Float32Array.from(row) } },
    rows: 1,
  });
  const said = async (): Promise<number[]> => {
    const { answer } = await host.ask(question());
    return [...(answer.outputs["prob"]?.data ?? [])];
  };
  do expect(await said()).toEqual(wanted);
  while (host.facts.passTime === Number.POSITIVE_INFINITY);
  await leaving;
  const { passTime, threads, netName } = host.facts;
  expect(passTime).toBeGreaterThan(0);
  expect(threads).toBeGreaterThan(0);
  expect(netName).toBe("small");
  for (let i = 0; i < 20; i++) expect(await said()).toEqual(wanted);
  await host.close();
  expect(heard).toEqual([]);
}, 60_000);
