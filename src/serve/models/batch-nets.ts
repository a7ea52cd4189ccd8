import type { NetParameter } from "../../io/proto/caffe.ts";
import { Net } from "../../net/net.ts";
import type { NetOptions } from "../../net/options.ts";
import { withPlaceholders } from "../../net/tools/placeholders.ts";
import { recordOf } from "../../util/records.ts";
import { cutRows, joinedByName, mapped, type Tensors, withRows } from "./tensors.ts";

/**
 * The net for passes of any number of rows: one twin for each power of two, made when it is first needed, whose weights are
 * the net's own memory; where the net itself has so many rows, there is no need of one. To reshape one net from pass to pass
 * would make its operations anew each time, which takes longer than the pass.
 */
export class BatchNets {
  readonly #net: Net;
  readonly #param: NetParameter;
  readonly #options: NetOptions;
  readonly #twins = new Map<number, Net>();

  /**
   * @param net whose weights are used
   * @param param what it was made of
   */
  constructor(net: Net, param: NetParameter, options: NetOptions) {
    this.#net = net;
    this.#param = param;
    this.#options = options;
  }

  /**
   * One pass of rows behind one another.
   * @returns the outputs, as many rows of each
   */
  async run(inputs: Tensors, rows: number): Promise<Tensors> {
    const size = twinSize(rows);
    const net = this.#twin(size);
    if (rows === size) return await runNet(net, inputs);
    const padded = mapped(inputs, (tensor) => withRows(tensor, size));
    return cutRows(await runNet(net, padded), 0, rows);
  }

  #twin(size: number): Net {
    const known = this.#twins.get(size);
    if (known) return known;
    if (this.#net.inputs.every((name) => this.#net.blob(name).shape[0] === size)) return this.#net;
    const shapes = this.#net.inputs.map((name) => {
      const [, ...rest] = this.#net.blob(name).shape;
      return [name, [size, ...rest]] as const;
    });
    const param = withPlaceholders(this.#param, recordOf(shapes));
    const twin = new Net(param, this.#options);
    try {
      twin.shareWith(this.#net);
    } catch (error) {
      twin.close();
      throw error;
    }
    this.#twins.set(size, twin);
    return twin;
  }

  close(): void {
    for (const twin of this.#twins.values()) twin.close();
    this.#twins.clear();
  }
}

/** The rows of the pass that so many rows run in: the next power of two. */
function twinSize(rows: number): number {
  return 2 ** Math.ceil(Math.log2(rows));
}

/** One pass of a net, its outputs as tensors. */
export async function runNet(net: Net, inputs: Tensors): Promise<Tensors> {
  const outputs = await net.forward(inputs);
  return recordOf(
    Object.entries(outputs).map(([name, blob]) => [
      name,
      { shape: blob.shape, data: blob.values() as Float32Array<ArrayBuffer> },
    ]),
  );
}

/** A pass for each row, of a net whose rows cannot share one. */
export async function runRowByRow(net: Net, inputs: Tensors, rows: number): Promise<Tensors> {
  const passes: Tensors[] = [];
  for (let row = 0; row < rows; row++) {
    const outputs = await runNet(net, cutRows(inputs, row, 1));
    passes.push(mapped(outputs, ({ shape, data }) => ({ shape, data: data.slice() })));
  }
  return joinedByName(passes);
}
