// The server's page and its description.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { ask, modelFiles, served } from "./served.ts";

const EVIL = '"><img src=x onerror="document.title=1">';
const NET = `
  layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 3 dim: 8 dim: 8 } } }
  layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip" inner_product_param { num_output: 2 weight_filler { type: "xavier" } } }
  layer { name: "prob" type: "Softmax" bottom: "ip" top: "prob" }`;

async function evilServer(folder: string) {
  const { model, weights } = modelFiles(NET);
  writeFileSync(join(folder, "labels.txt"), `${EVIL}\n<script>document.title = 2</script>\n`);
  const plan = () => ({
    model,
    weights: [weights],
    maxBatch: 8,
    labels: join(folder, "labels.txt"),
  });
  return await served({ model, weights }, { models: [{ name: EVIL, plan }] });
}

test("the page escapes names, and the description has every path", async () => {
  await using serving = await evilServer(temporaryFolder());
  const response = await fetch(serving.url);
  expect(response.headers.get("content-type")).toBe("text/html; charset=utf-8");
  const page = await response.text();
  expect(page).not.toContain("<img");
  expect(page).toContain("&quot;&gt;&lt;img src=x");
  const { json } = await ask(`${serving.url}/openapi.json`);
  expect(json.openapi).toBe("3.1.0");
  expect(Object.keys(json.paths).sort()).toEqual([
    "/",
    "/metrics",
    "/openapi.json",
    "/page.js",
    "/v2",
    "/v2/health/live",
    "/v2/health/ready",
    "/v2/models/{name}",
    "/v2/models/{name}/classify",
    "/v2/models/{name}/detect",
    "/v2/models/{name}/infer",
    "/v2/models/{name}/ready",
    "/v2/models/{name}/segment",
    "/v2/models/{name}/versions/{version}",
    "/v2/models/{name}/versions/{version}/infer",
    "/v2/models/{name}/versions/{version}/ready",
  ]);
});
