import type { Net } from "../../net/net.ts";
import { CaffeError } from "../../util/errors.ts";
import type { NdArray } from "../../util/nd-array.ts";
import { Random } from "../../util/random.ts";
import { countOf, type Shape } from "../../util/shape.ts";
import { type Preparation, prepareValues } from "../export/preparation.ts";
import type { GraphValue } from "../graph/model.ts";

/** Arrays by the names of inputs. */
type Inputs = Readonly<Record<string, NdArray<Float32Array>>>;

/** What a file of ONNX and the net that it was made of are run on. */
export interface Trial {
  /** What the inputs are: "random inputs", "cat.jpg". */
  readonly what: string;
  readonly ofFile: Inputs;
  /** What the net itself is given: the same, but where the file prepares pixels; and zeros for labels, which the file does not take. */
  readonly ofNet: Inputs;
}

/** Makes trials for a file and its net. */
export class Trials {
  readonly #net: Net;
  readonly #inputs: readonly GraphValue[];
  readonly #preparation: Preparation | undefined;
  /** The first input of images. */
  readonly #image: string | undefined;

  /**
   * @param inputs those of the file
   * @param preparation what the file does to its first input of images
   */
  constructor(net: Net, inputs: readonly GraphValue[], preparation?: Preparation) {
    this.#net = net;
    this.#inputs = inputs;
    this.#preparation = preparation;
    this.#image = inputs.find(({ axes }) => axes.length === 4)?.name;
  }

  /** Numbers uniform within −1 and 1, and pixels of 0 to 255 where the file prepares them. */
  random(): Trial {
    const random = new Random(1);
    const given = this.#inputs.map(({ name, axes }) => {
      const own = this.#net.blob(name).shape;
      const shape = axes.map((axis, i) => (typeof axis === "number" ? axis : (own[i] ?? 1)));
      const [least, most] = this.#prepares(name) ? [0, 255] : [-1, 1];
      const data = Float32Array.from({ length: countOf(shape) }, () => random.uniform(least, most));
      return [name, { shape, data }] as const;
    });
    return this.ofArrays("random inputs", Object.fromEntries(given));
  }

  /**
   * What the file takes, by name.
   * @throws CaffeError where an input is not given
   */
  ofArrays(what: string, given: Inputs): Trial {
    const missing = this.#inputs.filter(({ name }) => !given[name]);
    if (missing.length > 0) {
      const names = missing.map(({ name }) => name);
      throw new CaffeError(
        `${what}: no values for ${names.join(", ")}. Expected all inputs: ${this.#inputs.map(({ name }) => name).join(", ")}.`,
      );
    }
    const ofNet = this.#net.inputs.map((name) => {
      const array = given[name];
      if (!array) return [name, this.#zeros(name, given)] as const;
      const { shape, data } = array;
      const isPrepared = this.#prepares(name);
      const own = isPrepared ? prepareValues(data, shape, this.#preparation ?? {}) : data;
      return [name, { shape, data: own }] as const;
    });
    return { what, ofFile: given, ofNet: Object.fromEntries(ofNet) };
  }

  /**
   * A picture's pixels K×H×W, red first, of 0 to 255: as often as the file's batch is long, or once where that is open.
   * @param preparation what is done to them, where the file does not
   * @throws CaffeError where the file has other inputs
   */
  ofPixels(what: string, pixels: NdArray<Float32Array>, preparation: Preparation): Trial {
    const [input, ...others] = this.#inputs;
    if (!input || others.length > 0) {
      throw new CaffeError(
        `the file has the inputs ${this.#inputs.map(({ name }) => name).join(", ")}. Expected one, of images; --inputs=FILE gives them all.`,
      );
    }
    const [batch] = input.axes;
    const shape = [typeof batch === "number" ? batch : 1, ...pixels.shape];
    const all = new Float32Array(countOf(shape));
    for (let at = 0; at < all.length; at += pixels.data.length) all.set(pixels.data, at);
    const data = this.#preparation ? all : prepareValues(all, shape, preparation);
    return this.ofArrays(what, { [input.name]: { shape, data } });
  }

  #prepares(name: string): boolean {
    return this.#preparation !== undefined && name === this.#image;
  }

  /** Labels as long as the batch that is given. */
  #zeros(name: string, given: Inputs): NdArray<Float32Array> {
    const own = this.#net.blob(name).shape;
    const first = this.#inputs[0]?.name ?? "";
    const isOfBatch = own[0] === this.#net.blob(first).shape[0];
    const shape: Shape = isOfBatch ? [given[first]?.shape[0] ?? 1, ...own.slice(1)] : own;
    return { shape, data: new Float32Array(countOf(shape)) };
  }
}
