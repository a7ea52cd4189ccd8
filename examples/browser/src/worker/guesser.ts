import type { Net } from "caffe-ts";
import type { Guesses } from "../messages.ts";
import { PIXELS, SIDE } from "../picture-size.ts";
import type { Scaling } from "./nets.ts";

/** How far the sum of probabilities may be from 1 by rounding. */
const ROUNDING = 1e-3;

/** A net that says what is in pictures. */
export class Guesser {
  readonly #net: Net;
  readonly #scaling: Scaling;
  readonly #input: string;
  readonly #output: string;

  /** @throws Error where the net takes something else than pictures of 28×28 grey values */
  constructor(net: Net, scaling: Scaling, name: string) {
    this.#net = net;
    this.#scaling = scaling;
    const [input, ...more] = net.inputs;
    const shape = input === undefined ? [] : net.blob(input).shape;
    if (input === undefined || more.length > 0 || shape.slice(1).join() !== `1,${SIDE},${SIDE}`) {
      throw new Error(
        `${name} takes ${net.inputs.map((one) => `"${one}" of ${net.blob(one).shape.join("×")}`).join(" and ") || "nothing"}. Expected one input of N×1×28×28: grey pictures.`,
      );
    }
    const [output] = net.outputs;
    if (output === undefined) throw new Error(`${name} has no output. Expected one value a class.`);
    [this.#input, this.#output] = [input, output];
  }

  /** What the net says of pictures of 28×28 bytes. */
  async guess(pictures: Uint8Array): Promise<Guesses> {
    const { scale, mean } = this.#scaling;
    const data = Float32Array.from(pictures, (pixel) => (pixel - mean) * scale);
    const shape = [pictures.length / PIXELS, 1, SIDE, SIDE];
    const outputs = await this.#net.forward({ [this.#input]: { shape, data } });
    const output = outputs[this.#output];
    const values = Float32Array.from(output?.values() ?? []);
    const count = values.length / (shape[0] ?? 1);
    return { values, count, areProbabilities: areProbabilities(values.subarray(0, count)) };
  }

  close(): void {
    this.#net.close();
  }
}

function areProbabilities(values: Float32Array): boolean {
  const sum = values.reduce((a, b) => a + b, 0);
  return Math.abs(sum - 1) < ROUNDING && values.every((value) => value >= 0);
}
