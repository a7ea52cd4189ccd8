// `caffe serve` as it is run: with threads, and stopped by a signal.
import { expect, test } from "vitest";
import { caffe, startCaffe } from "../support/cli.ts";
import { ask, modelFiles, request, saidBy } from "./served.ts";

test("it answers from a thread until SIGTERM, and ends well", async () => {
  const files = modelFiles();
  const flags = [`--model=${files.model}`, `--weights=${files.weights}`, "--port=0", "--threads=1"];
  const { child, said, ended } = startCaffe(["serve", ...flags, "--workers=2"], ".");
  const url = (await said(/http:\S+/)).trim();
  const answers = await Promise.all(
    [1, 2, 3].map((i) => ask(`${url}/v2/models/small/infer`, request([[i, 0, 0]]))),
  );
  for (const [i, { json }] of answers.entries()) {
    const expected = await saidBy(files, [[i + 1, 0, 0]]);
    expect(json.outputs[0].data.map(Math.fround)).toEqual(expected.map(Math.fround));
  }
  child.kill("SIGTERM");
  expect(await ended).toMatchObject({ status: 0 });
});

test("it says what is missing", () => {
  expect(caffe(["serve"])).toMatchObject({
    status: 1,
    stderr: expect.stringContaining("No model is named."),
  });
  const { stderr } = caffe(["serve", "--model=a", "--model=b", "--weights=c"]);
  expect(stderr).toContain("--weights is given 1 times for 2 models");
});
