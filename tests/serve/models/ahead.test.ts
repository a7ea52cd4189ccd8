import { expect, test } from "vitest";
import { modelThread, startAhead } from "../../../src/serve/models/ahead.ts";
import { openModel } from "../../../src/serve/models/model-thread.ts";
import { silent } from "../../../src/util/log.ts";
import { modelFiles, saidBy } from "../served.ts";

const THREAD = new URL("../../../src/serve/models/thread.ts", import.meta.url);

test("a thread that was started ahead opens the first model, and another the next", async () => {
  startAhead(THREAD);
  startAhead(THREAD);
  const ahead = modelThread(THREAD);
  const next = modelThread(THREAD);
  expect(next).not.toBe(ahead);
  await Promise.all([ahead.terminate(), next.terminate()]);

  startAhead(THREAD);
  const files = modelFiles();
  const plan = { model: files.model, weights: [files.weights], maxBatch: 8 };
  const data = { plan, isShared: false, before: undefined };
  const host = await openModel(data, silent, () => {}, THREAD);
  const row = [1, -2, 0.5];
  const inputs = { data: { shape: [1, 3], data: Float32Array.from(row) } };
  const { answer } = await host.ask({ inputs, rows: 1 });
  expect([...(answer.outputs["prob"]?.data ?? [])]).toEqual(await saidBy(files, [row]));
  await host.close();
}, 60_000);
