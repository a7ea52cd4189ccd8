// Files that are replaced while requests come.
import { writeFileSync } from "node:fs";
import { expect, test, vi } from "vitest";
import { ask, modelFiles, request, saidBy, saveWeights, served } from "./served.ts";

test("new weights take their place between two requests, a damaged file does not", async () => {
  const files = modelFiles();
  const lines: string[] = [];
  await using serving = await served(files, {
    reload: 20,
    log: (severity, _, message) => lines.push(`${severity}: ${message}`),
  });
  const rows = [[1, 2, 3]];
  const url = `${serving.url}/v2/models/small/infer`;
  const before = await saidBy(files, rows);
  const statuses = new Set<number>();
  const versions = new Map<string, number[]>();
  const until = async (version: string): Promise<void> => {
    await vi.waitFor(
      async () => {
        const { status, json } = await ask(url, request(rows));
        statuses.add(status);
        versions.set(json.model_version, json.outputs[0].data);
        expect(json.model_version).toBe(version);
      },
      { timeout: 10_000, interval: 5 },
    );
  };
  await until("1");
  saveWeights(files.model, files.weights, 2);
  const after = await saidBy(files, rows);
  expect(after).not.toEqual(before);
  await until("2");

  writeFileSync(files.weights, "damaged");
  await vi.waitFor(() => expect(lines.join("\n")).toContain("stays version 2"), {
    timeout: 10_000,
  });
  expect(lines.filter((line) => line.startsWith("error"))).toHaveLength(1);
  await until("2");
  saveWeights(files.model, files.weights, 1);
  await until("3");

  expect([...statuses]).toEqual([200]);
  expect(versions.get("1")).toEqual(before);
  expect(versions.get("2")).toEqual(after);
  expect(versions.get("3")).toEqual(before);
  const { json } = await ask(`${serving.url}/v2/models/small`);
  expect(json.versions).toEqual(["3"]);
});

test("a net with other inputs takes its place too", async () => {
  const files = modelFiles();
  await using serving = await served(files, { reload: 20 });
  const wider = modelFiles(
    `name: "small" layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 5 } } } layer { name: "prob" type: "Softmax" bottom: "data" top: "prob" }`,
  );
  const { readFileSync } = await import("node:fs");
  writeFileSync(files.model, readFileSync(wider.model));
  writeFileSync(files.weights, readFileSync(wider.weights));
  await vi.waitFor(
    async () => {
      const { json } = await ask(`${serving.url}/v2/models/small`);
      expect(json.inputs[0].shape).toEqual([-1, 5]);
    },
    { timeout: 10_000 },
  );
  const { status } = await ask(`${serving.url}/v2/models/small/infer`, request([[1, 2, 3]]));
  expect(status).toBe(400);
});
