import type { Blob } from "../blob/blob.ts";
import { enginesNamed } from "../engines/open.ts";
import { Net } from "../net/net.ts";
import { answerQuestions } from "../threads/answering.ts";
import type { BlobValue } from "../util/nd-array.ts";
import { recordOf } from "../util/records.ts";
import type { Shape } from "../util/shape.ts";
import {
  memoryGiven,
  type NetAnswer,
  type NetFacts,
  type NetPlan,
  type NetQuestion,
  type PassQuestion,
} from "./messages.ts";

// A thread that builds one net and runs its passes.

answerQuestions<NetPlan, NetFacts, NetQuestion, NetAnswer>(
  async ({ source, options, engine }, log) => {
    const engines = await enginesNamed(engine, log);
    const net = new Net(source, { ...options, engines, log });
    return {
      opened: factsOf(net),
      async answer(question) {
        const told = await answerOf(net, question);
        return { shapes: shapesOf(net), ...told };
      },
      memoryOf: ({ blobs, spent = [] }) => [
        ...Object.values(blobs).flatMap(({ data, diff }) =>
          [data, diff].flatMap((array) => (array ? [array.buffer as ArrayBuffer] : [])),
        ),
        ...spent,
      ],
    };
  },
);

function factsOf(net: Net): NetFacts {
  const { name, inputs, outputs, layerNames } = net;
  return { name, inputs, outputs, layerNames, shapes: shapesOf(net) };
}

function shapesOf(net: Net): NetFacts["shapes"] {
  return recordOf(
    [...net.inputs, ...net.outputs].map((one) => [one, net.blob(one).shape] as const),
  );
}

async function answerOf(net: Net, question: NetQuestion): Promise<Omit<NetAnswer, "shapes">> {
  if ("weights" in question) return { blobs: {}, copied: net.copyFrom(question.weights) };
  if ("reshape" in question) {
    reshape(net, question.reshape);
    return { blobs: {} };
  }
  const isBackward = question.pass === "backward";
  const blobs = await passOf(net, question);
  return {
    spent: memoryGiven(question),
    blobs: recordOf(
      Object.entries(blobs).map(([name, blob]) => {
        const value: BlobValue = {
          shape: blob.shape,
          data: blob.values(),
          ...(isBackward && { diff: blob.diffValues() }),
        };
        return [name, value] as const;
      }),
    ),
  };
}

/** Gives inputs these shapes; where they do not suit, the net has those that it had. */
function reshape(net: Net, shapes: Readonly<Record<string, Shape>>): void {
  const before = shapesOf(net);
  try {
    for (const [name, shape] of Object.entries(shapes)) net.blob(name).reshape(shape);
    net.reshape();
  } catch (error) {
    for (const name of Object.keys(shapes)) net.blob(name).reshape(before[name] as Shape);
    net.reshape();
    throw error;
  }
}

function passOf(net: Net, question: PassQuestion): Promise<Record<string, Blob>> {
  switch (question.pass) {
    case "forward":
      return net.forward(question.given, question.options);
    case "backward":
      return net.backward(question.given, question.options);
    case "forwardAll":
      return net.forwardAll(question.given, question.options);
  }
}
