import { describe, expect, test } from "vitest";
import { serve } from "../../src/serve/serve.ts";
import { ask, modelFiles, request, saidBy, served } from "./served.ts";

describe("the server of the Open Inference Protocol", () => {
  test("tells of itself, of its health and of its models", async () => {
    await using serving = await served(modelFiles());
    const { url } = serving;
    expect((await ask(`${url}/v2`)).json).toMatchObject({ name: "caffe-ts" });
    expect((await ask(`${url}/v2/health/live`)).json).toEqual({ live: true });
    expect(await ask(`${url}/v2/health/ready`)).toMatchObject({
      status: 200,
      json: { ready: true },
    });
    const metadata = {
      name: "small",
      versions: ["1"],
      platform: "caffe",
      inputs: [{ name: "data", datatype: "FP32", shape: [-1, 3] }],
      outputs: [{ name: "prob", datatype: "FP32", shape: [-1, 4] }],
      parameters: { max_batch_size: 8 },
    };
    expect((await ask(`${url}/v2/models/small`)).json).toEqual(metadata);
    expect((await ask(`${url}/v2/models/small/versions/1`)).json).toEqual(metadata);
    expect((await ask(`${url}/v2/models/small/versions/1/ready`)).json).toEqual({
      name: "small",
      ready: true,
    });
    expect(await ask(`${url}/v2/models/large`)).toMatchObject({
      status: 404,
      json: { error: 'there is no model "large". Expected "small".' },
    });
    expect((await ask(`${url}/v2/models/small/versions/2`)).status).toBe(404);
    expect((await ask(`${url}/nothing`)).status).toBe(404);
    const wrong = await ask(`${url}/v2/models/small/infer`);
    expect([wrong.status, wrong.headers.get("allow")]).toEqual([405, "POST"]);
    const head = await fetch(`${url}/v2/health/live`, { method: "HEAD" });
    expect([head.status, await head.text()]).toEqual([200, ""]);
    expect((await ask(`${url}/v2/models/%E0%A4%A/ready`)).status).toBe(400);
  });

  test("gives what the net says, with the request's id", async () => {
    const files = modelFiles();
    await using serving = await served(files);
    const rows = [
      [1, 2, 3],
      [-1, 0.5, 2],
      [0, 0, 1],
    ];
    const { status, json } = await ask(
      `${serving.url}/v2/models/small/infer`,
      request(rows, { id: "42" }),
    );
    expect(status).toBe(200);
    expect(json).toEqual({
      model_name: "small",
      model_version: "1",
      id: "42",
      outputs: [{ name: "prob", shape: [3, 4], datatype: "FP32", data: await saidBy(files, rows) }],
    });
  });

  test("two models of one name, and a port that is taken, are refused", async () => {
    const { model, weights } = modelFiles();
    const plan = () => ({ model, weights: [weights], maxBatch: 8 });
    await expect(serve({ port: 0, models: [{ plan }, { plan }] })).rejects.toThrow(
      'two models are called "small"',
    );
    await using serving = await served({ model, weights });
    const port = Number(new URL(serving.url).port);
    await expect(serve({ port, models: [{ plan }] })).rejects.toThrow("another program listens");
  });

  test("a program gives files, and is told of options that there are not", async () => {
    const files = modelFiles();
    await using serving = await serve({ port: 0, models: [{ ...files, name: "mine" }] });
    const { json } = await ask(`${serving.url}/v2/models/mine/infer`, request([[1, 2, 3]]));
    expect(json.outputs[0].data).toEqual(await saidBy(files, [[1, 2, 3]]));
    const more = { port: 0, models: [{ ...files, label: "a" }] };
    await expect(serve(more)).rejects.toThrow('a model of serve has no option "label"');
    const wrong = { models: [files], maxbody: 3 };
    await expect(serve(wrong)).rejects.toThrow('serve has no option "maxbody"');
  });

  test("a net without weights is served with one warning, one that has none without", async () => {
    const { model, weights } = modelFiles();
    const warnings = async (more: { model: string; weights: string[] }): Promise<string[]> => {
      const lines: string[] = [];
      const plan = () => ({ ...more, maxBatch: 8 });
      await using _ = await served(
        { model, weights },
        {
          ...{ models: [{ plan }], workers: 2 },
          log: (severity, _source, message) => {
            if (severity !== "info") lines.push(message);
          },
        },
      );
      return lines;
    };
    expect(await warnings({ model, weights: [] })).toEqual([
      'net "small" is served untrained: no weights are given, and fillers drew those of layer "ip". Expected --weights=FILE.',
    ]);
    expect(await warnings({ model, weights: [weights] })).toEqual([]);
    const bare = modelFiles(
      `name: "bare" layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 3 } } } layer { name: "prob" type: "Softmax" bottom: "data" top: "prob" }`,
    );
    expect(await warnings({ model: bare.model, weights: [] })).toEqual([]);
  });

  test("a model that cannot be opened ends it", async () => {
    const plan = () => ({ model: "/none.prototxt", weights: [], maxBatch: 8 });
    await expect(serve({ port: 0, models: [{ plan }] })).rejects.toThrow("/none.prototxt");
  });
});

test("many who ask at once each get their own answer, in passes of several rows", async () => {
  const files = modelFiles();
  await using serving = await served(files, { maxQueue: 1000 });
  const rows = Array.from({ length: 300 }, (_, i) => [Math.sin(i), Math.cos(3 * i), i / 300]);
  const expected = await saidBy(files, rows);
  const answers = await Promise.all(
    rows.map(async (row, i) => {
      // Some bring several rows of their own.
      const mine = i % 7 === 0 ? [row, row, row] : [row];
      const { status, json } = await ask(
        `${serving.url}/v2/models/small/infer`,
        request(mine, { id: `${i}` }),
      );
      expect([status, json.id]).toEqual([200, `${i}`]);
      return json.outputs[0].data.slice(0, 4) as number[];
    }),
  );
  for (const [i, answer] of answers.entries()) {
    for (const [k, value] of answer.entries()) {
      expect(value).toBeCloseTo(expected[4 * i + k] ?? 0, 6);
    }
  }
}, 240_000);
