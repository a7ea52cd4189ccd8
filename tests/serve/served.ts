import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { Net } from "../../src/net/net.ts";
import { type Serving, serve } from "../../src/serve/serve.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

/** A net of 3 numbers a row that gives 4, which differ from row to row. */
export const SMALL = `
  name: "small"
  layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 3 } } }
  layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip" inner_product_param { num_output: 4 weight_filler { type: "gaussian" std: 1 } } }
  layer { name: "prob" type: "Softmax" bottom: "ip" top: "prob" }`;

/** A net's file and weights that its fillers made. */
export function modelFiles(
  text = SMALL,
  seed = 1,
): { readonly model: string; readonly weights: string } {
  const folder = temporaryFolder();
  const [model, weights] = [join(folder, "deploy.prototxt"), join(folder, "net.caffemodel")];
  writeFileSync(model, text);
  saveWeights(model, weights, seed);
  return { model, weights };
}

/** Writes weights as a seed makes them. */
export function saveWeights(model: string, weights: string, seed: number): void {
  using net = new Net(model, { seed, phase: "TEST" });
  net.save(weights);
}

/** Serves one model, or what the options say, on a free port. */
export async function served(
  { model, weights }: { readonly model: string; readonly weights: string },
  options: Partial<Parameters<typeof serve>[0]> = {},
): Promise<Serving> {
  const plan = { model, weights: [weights], maxBatch: 8, threads: 1 };
  return await serve({ port: 0, models: [{ plan: () => plan }], drain: 2000, ...options });
}

/** What a net says itself of rows of numbers. */
export async function saidBy(
  { model, weights }: { readonly model: string; readonly weights: string },
  rows: readonly (readonly number[])[],
): Promise<number[]> {
  using net = new Net(model, { weights, phase: "TEST" });
  const { prob } = await net.forward({
    data: { shape: [rows.length, 3], data: Float32Array.from(rows.flat()) },
  });
  return [...(prob?.values() ?? [])];
}

/** An answer's JSON, whose form the test knows. */
// biome-ignore lint/suspicious/noExplicitAny: tests look into it and say what they expect
type Json = any;

/** Asks, and gives the status and the JSON. */
export async function ask(
  url: string,
  body?: string | object | Uint8Array<ArrayBuffer>,
  headers: Record<string, string> = {},
): Promise<{ readonly status: number; readonly json: Json; readonly headers: Headers }> {
  const isRaw = typeof body === "string" || body instanceof Uint8Array;
  const response = await fetch(url, {
    headers,
    ...(body !== undefined && { method: "POST", body: isRaw ? body : JSON.stringify(body) }),
  });
  expect(response.headers.get("content-type")).toMatch(/json/);
  return { status: response.status, json: await response.json(), headers: response.headers };
}

/** A request of rows of numbers. */
export function request(rows: readonly (readonly number[])[], more: object = {}): object {
  return {
    inputs: [{ name: "data", shape: [rows.length, 3], datatype: "FP32", data: rows.flat() }],
    ...more,
  };
}
