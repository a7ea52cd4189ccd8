import { HttpError } from "../../http/http-error.ts";
import { topChoices } from "../../inference/choice.ts";
import { fixedText } from "../../util/log.ts";
import { countOf, shapeText } from "../../util/shape.ts";
import type { ModelFacts } from "../models/model-plan.ts";
import type { Tensor, Tensors } from "../models/tensors.ts";
import type { InferRequest, WantedOutput } from "./infer-request.ts";

/** An answer as it goes to the client. */
interface InferAnswer {
  readonly body: Uint8Array | string;
  /** How many bytes of the body are JSON, where binary tensors follow. */
  readonly headerLength: number | undefined;
}

/** Whose answer it is. */
interface Answerer {
  readonly name: string;
  readonly version: string;
  readonly facts: ModelFacts;
}

/**
 * Writes the answer to a request of the Open Inference Protocol. Floats of JSON are exact; NaN and infinities, which JSON does
 * not have, are null there.
 *
 * @param results the outputs by name
 * @throws HttpError 400 where classes are asked of what has no scores of classes
 */
export function inferAnswer(
  { id, outputs }: InferRequest,
  results: Tensors,
  { name, version, facts }: Answerer,
): InferAnswer {
  const tail: Uint8Array[] = [];
  const told = outputs.map((wanted) => {
    const tensor = results[wanted.name] as Tensor;
    const { shape, datatype, data, bytes } = contentOf(wanted, tensor, facts);
    const head = { name: wanted.name, shape, datatype };
    if (!wanted.isBinary) return { ...head, data: data() };
    const binary = bytes();
    tail.push(binary);
    return { ...head, parameters: { binary_data_size: binary.byteLength } };
  });
  const json = JSON.stringify({ model_name: name, model_version: version, id, outputs: told });
  if (tail.length === 0) return { body: json, headerLength: undefined };
  const header = Buffer.from(json);
  return { body: Buffer.concat([header, ...tail]), headerLength: header.byteLength };
}

/** An output as it is told, in JSON or in bytes. */
interface Content {
  readonly shape: readonly number[];
  readonly datatype: string;
  readonly data: () => readonly (number | string)[];
  readonly bytes: () => Uint8Array;
}

function contentOf({ name, classes }: WantedOutput, tensor: Tensor, facts: ModelFacts): Content {
  const { shape, data } = tensor;
  if (classes === undefined) {
    return {
      shape,
      datatype: "FP32",
      data: () => Array.from(data),
      bytes: () => new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
    };
  }
  if (shape.length < 2 || countOf(shape, 2) !== 1) {
    throw new HttpError(
      400,
      `output "${name}" has shape ${shapeText(shape)}, which are no scores of classes. Expected classification for N×classes.`,
    );
  }
  const [rows = 0, count = 0] = shape;
  const best = Array.from({ length: rows }, (_, row) =>
    topChoices(data.subarray(row * count, (row + 1) * count), facts.labels, classes),
  );
  const texts = best.flat().map(({ index, label, score }) => {
    const text = `${fixedText(score, 6)}:${index}`;
    return facts.labels[index] === undefined ? text : `${text}:${label}`;
  });
  return {
    shape: [rows, Math.min(classes, count)],
    datatype: "BYTES",
    data: () => texts,
    bytes: () => stringBytes(texts),
  };
}

/** Strings as binary tensors have them: each with its length before it, 4 bytes, little-endian. */
function stringBytes(texts: readonly string[]): Uint8Array {
  return Buffer.concat(
    texts.flatMap((text) => {
      const bytes = Buffer.from(text);
      const length = Buffer.alloc(4);
      length.writeUInt32LE(bytes.byteLength);
      return [length, bytes];
    }),
  );
}
