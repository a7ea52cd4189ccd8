import { HttpError } from "../../http/http-error.ts";
import { cut } from "../../util/printable.ts";
import { recordOf } from "../../util/records.ts";
import { countOf, type Shape } from "../../util/shape.ts";
import type { ModelFacts, NamedShape } from "../models/model-plan.ts";
import type { Tensor, Tensors } from "../models/tensors.ts";
import { floatsOfBytes, floatsOfJson } from "./datatypes.ts";
import { parseJsonBody } from "./json-body.ts";

/** An output that a client wants. */
export interface WantedOutput {
  readonly name: string;
  readonly isBinary: boolean;
  /** The best so many classes in place of the scores. */
  readonly classes: number | undefined;
}

/** A request for a pass, read and checked. */
export interface InferRequest {
  readonly id: string | undefined;
  readonly inputs: Tensors;
  /** How many rows it has; 0 for a net that runs as its deploy file says. */
  readonly rows: number;
  readonly outputs: readonly WantedOutput[];
}

type Json = Readonly<Record<string, unknown>>;

/**
 * Reads a request of the Open Inference Protocol: JSON, or with `Inference-Header-Content-Length` so many bytes of JSON and
 * binary tensors behind them.
 *
 * @param headerLength the value of that header; 0 where the whole body is the data of the only input
 * @param maxJson bytes of JSON at most
 * @throws HttpError 413 where there is more JSON, 400 that says what does not fit the protocol or the net
 * @see https://kserve.github.io/website/docs/concepts/architecture/data-plane/v2-protocol, and Triton's extension binary_tensor_data
 */
export function readInferRequest(
  body: Uint8Array,
  headerLength: number | undefined,
  facts: ModelFacts,
  maxJson: number,
): InferRequest {
  if (headerLength === 0) return rawRequest(body, facts);
  if (headerLength !== undefined && headerLength > body.byteLength) {
    throw new HttpError(
      400,
      `Inference-Header-Content-Length is ${headerLength}, and the body has ${body.byteLength} bytes. Expected at most that.`,
    );
  }
  const json = body.subarray(0, headerLength ?? body.byteLength);
  const request = objectOf(parseJsonBody(json, maxJson, BINARY), "the body");
  const id = request["id"];
  if (id !== undefined && typeof id !== "string") {
    throw new HttpError(400, "id is no string. Expected one, or none.");
  }
  const binary = new BinaryTail(body.subarray(headerLength ?? body.byteLength));
  const inputs = readInputs(listOf(request, "inputs"), binary, facts);
  binary.checkEmpty();
  return {
    id,
    inputs,
    rows: checkShapes(inputs, facts),
    outputs: readOutputs(request, facts),
  };
}

/** Where numbers go that are too many for text. */
const BINARY =
  "numbers may stand behind it as binary tensors (binary_data_size, Inference-Header-Content-Length)";

function objectOf(value: unknown, what: string): Json {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Json;
  throw new HttpError(
    400,
    `${what} is ${cut(JSON.stringify(value) ?? "nothing")}. Expected an object.`,
  );
}

function listOf(request: Json, name: string): readonly unknown[] {
  const list = request[name];
  if (Array.isArray(list)) return list;
  throw new HttpError(400, `${name} is no list. Expected { "${name}": [{ "name": … }] }.`);
}

function parametersOf(of: Json, what: string): Json {
  return of["parameters"] === undefined ? {} : objectOf(of["parameters"], `parameters of ${what}`);
}

/** The binary tensors behind the JSON, in the order of the inputs that they are of. */
class BinaryTail {
  #rest: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#rest = bytes;
  }

  take(input: string, size: unknown): Uint8Array {
    const length = Number.isInteger(size) ? (size as number) : -1;
    if (length < 0 || length > this.#rest.byteLength) {
      throw new HttpError(
        400,
        `input "${input}" has binary_data_size ${cut(JSON.stringify(size) ?? "none")}, and ${this.#rest.byteLength} bytes follow. Expected at most that.`,
      );
    }
    const taken = this.#rest.subarray(0, length);
    this.#rest = this.#rest.subarray(length);
    return taken;
  }

  checkEmpty(): void {
    const left = this.#rest.byteLength;
    if (left === 0) return;
    throw new HttpError(
      400,
      `${left} bytes behind the JSON are of no input. Expected Inference-Header-Content-Length and binary_data_size to tell of all bytes.`,
    );
  }
}

function readInputs(list: readonly unknown[], binary: BinaryTail, facts: ModelFacts): Tensors {
  const inputs = new Map<string, Tensor>();
  for (const one of list) {
    const input = objectOf(one, "an input");
    const name = input["name"];
    const known = facts.inputs.find((wanted) => wanted.name === name);
    if (typeof name !== "string" || !known) {
      throw new HttpError(
        400,
        `there is no input ${cut(JSON.stringify(name) ?? "without a name")}. Expected ${namesOf(facts.inputs)}.`,
      );
    }
    if (inputs.has(name)) {
      throw new HttpError(400, `input "${name}" is given twice. Expected it once.`);
    }
    const shape = shapeOf(name, input["shape"], known, facts);
    const size = parametersOf(input, `input "${name}"`)["binary_data_size"];
    const count = countOf(shape);
    const { datatype, data } = input;
    inputs.set(name, {
      shape,
      data:
        size === undefined
          ? floatsOfJson(name, datatype, data, count)
          : floatsOfBytes(name, datatype, binary.take(name, size), count),
    });
  }
  const missing = facts.inputs.find(({ name }) => !inputs.has(name));
  if (missing) {
    throw new HttpError(
      400,
      `input "${missing.name}" is missing. Expected ${namesOf(facts.inputs)}.`,
    );
  }
  return recordOf(inputs);
}

/** The shape of an input, held against the net's before any memory is taken for it. */
function shapeOf(name: string, given: unknown, { shape }: NamedShape, facts: ModelFacts): Shape {
  const isShape =
    Array.isArray(given) && given.every((length) => Number.isInteger(length) && length >= 0);
  const [rows = 0, ...rest] = isShape ? (given as number[]) : [];
  const canJoin = facts.maxBatch > 0;
  const fits = isShape && given.length === shape.length;
  const isSame = (axis: number): boolean => fits && given[axis] === shape[axis];
  if (fits && rest.every((_, i) => isSame(i + 1))) {
    if (!canJoin && isSame(0)) return given;
    if (canJoin && rows >= 1 && rows <= facts.maxBatch) return given;
    if (!canJoin && shape.length === 0) return given;
  }
  const wanted = canJoin ? [`1 to ${facts.maxBatch}`, ...shape.slice(1)] : shape;
  throw new HttpError(
    400,
    `input "${name}" has shape ${cut(JSON.stringify(given) ?? "none")}. Expected [${wanted.join(", ")}].`,
  );
}

/** How many rows the inputs have, all of them the same number. */
function checkShapes(inputs: Tensors, facts: ModelFacts): number {
  if (facts.maxBatch === 0) return 0;
  const counts = new Set(Object.values(inputs).map(({ shape }) => shape[0] ?? 0));
  const [rows = 0] = counts;
  if (counts.size === 1) return rows;
  throw new HttpError(
    400,
    `inputs have ${[...counts].join(" and ")} rows. Expected one number for all.`,
  );
}

function readOutputs(request: Json, facts: ModelFacts): WantedOutput[] {
  const areBinary = parametersOf(request, "the request")["binary_data_output"] === true;
  const all = facts.outputs.map(({ name }) => ({ name, isBinary: areBinary, classes: undefined }));
  if (request["outputs"] === undefined) return all;
  const wanted = listOf(request, "outputs").map((one) => {
    const output = objectOf(one, "an output");
    const name = output["name"];
    const known = facts.outputs.find((there) => there.name === name);
    if (!known) {
      throw new HttpError(
        400,
        `there is no output ${cut(JSON.stringify(name) ?? "without a name")}. Expected ${namesOf(facts.outputs)}.`,
      );
    }
    const parameters = parametersOf(output, `output "${known.name}"`);
    const { binary_data, classification } = parameters;
    if (binary_data !== undefined && typeof binary_data !== "boolean") {
      throw new HttpError(
        400,
        `binary_data of output "${known.name}" is no Boolean. Expected one.`,
      );
    }
    if (classification !== undefined && !isCount(classification)) {
      throw new HttpError(
        400,
        `classification of output "${known.name}" is ${cut(JSON.stringify(classification))}. Expected how many classes, 1 or more.`,
      );
    }
    return { name: known.name, isBinary: binary_data ?? areBinary, classes: classification };
  });
  return wanted.length === 0 ? all : wanted;
}

function isCount(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 1;
}

/** A body that is the only input's elements and nothing else. */
function rawRequest(body: Uint8Array, facts: ModelFacts): InferRequest {
  const [input] = facts.inputs;
  if (!input || facts.inputs.length !== 1) {
    throw new HttpError(
      400,
      `a body without JSON is for nets with one input. Expected JSON that tells of ${namesOf(facts.inputs)}.`,
    );
  }
  const shape = facts.maxBatch > 0 ? [1, ...input.shape.slice(1)] : input.shape;
  const inputs = {
    [input.name]: { shape, data: floatsOfBytes(input.name, "FP32", body, countOf(shape)) },
  };
  const outputs = facts.outputs.map(({ name }) => ({ name, isBinary: true, classes: undefined }));
  return { id: undefined, inputs, rows: facts.maxBatch > 0 ? 1 : 0, outputs };
}

function namesOf(blobs: readonly NamedShape[]): string {
  return blobs.length === 0
    ? "none: the net has none"
    : blobs.map(({ name }) => `"${name}"`).join(", ");
}
