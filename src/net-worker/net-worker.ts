import { Blob } from "../blob/blob.ts";
import type { EngineNames } from "../engines/open.ts";
import type { NetParameter } from "../io/proto/caffe.ts";
import { netOptions } from "../net/options.ts";
import {
  type AllOptions,
  type ArraysByName,
  arraysNow,
  checkByName,
  checkInput,
  type PassOptions,
  type ValuesByName,
} from "../net/run/passes-by-name.ts";
import type { CopiedWeights } from "../net/weights/copy-weights.ts";
import type { Weights } from "../net/weights/weights.ts";
import { AskedThread } from "../threads/asked-thread.ts";
import { startThread } from "../threads/start-thread.ts";
import { allocate, type FloatArray } from "../util/arrays.ts";
import { NetError } from "../util/errors.ts";
import { type LogOptions, logOf } from "../util/log.ts";
import type { BlobValue } from "../util/nd-array.ts";
import { checkOptions, type OptionNames, text, whole } from "../util/options.ts";
import { recordOf } from "../util/records.ts";
import type { Shape } from "../util/shape.ts";
import {
  memoryGiven,
  type NetAnswer,
  type NetFacts,
  type NetPlan,
  type NetQuestion,
  type PassQuestion,
  type PlainNetOptions,
} from "./messages.ts";

/** How a net in a thread of its own is built: a net's options that plain data can say, and its engine by name. */
export interface NetWorkerOptions extends PlainNetOptions, EngineNames, LogOptions {}

const { engines: _engines, registry: _registry, shard: _shard, ...namesOfNet } = netOptions;
const netWorkerOptions: OptionNames<NetWorkerOptions> = {
  ...namesOfNet,
  engine: text,
  threads: whole,
  gpu: whole,
};

/** The program of its thread: as this module, a source or compiled. */
const THREAD = new URL(
  import.meta.url.endsWith(".ts") ? "./thread.ts" : "./thread.js",
  import.meta.url,
);

/**
 * A net in a thread of its own: its passes hold up neither a server's requests nor a page's events.
 *
 *     const net = await NetWorker.open("deploy.prototxt", { weights: "trained.caffemodel" });
 *     const { prob } = await net.forward({ data: image });
 *     await net.close();
 *
 * Passes are those of `Net`, with the same inputs, options, results and errors. Arrays are copied once, at the call, and handed from
 * thread to thread; weights lie in the thread alone. Any number of passes may be asked for at once: they run one after the other.
 * A thread for which nothing is awaited keeps no program from ending.
 */
export class NetWorker {
  readonly #thread: AskedThread<NetFacts, NetQuestion, NetAnswer>;
  readonly #dtype: "f32" | "f64";
  #facts: NetFacts;
  /** What the thread has given back of a pass's arrays: to write new memory takes the system several times as long as to copy. */
  #spare: readonly ArrayBuffer[] = [];

  private constructor(
    thread: AskedThread<NetFacts, NetQuestion, NetAnswer>,
    dtype: "f32" | "f64",
    facts: NetFacts,
  ) {
    this.#thread = thread;
    this.#dtype = dtype;
    this.#facts = facts;
  }

  /**
   * Builds a net in a new thread.
   * @param source the net's prototxt file, or the net as an object
   * @throws what the constructor of `Net` throws
   */
  static async open(
    source: string | NetParameter,
    options: NetWorkerOptions = {},
  ): Promise<NetWorker> {
    checkOptions("NetWorker", options, netWorkerOptions);
    const { engine, threads, gpu, log: _log, silent: _silent, ...ofNet } = options;
    const plan: NetPlan = { source, options: ofNet, engine: { engine, threads, gpu } };
    const thread = new AskedThread<NetFacts, NetQuestion, NetAnswer>({
      ...{ worker: startThread(THREAD), data: plan, what: "a net's thread", log: logOf(options) },
    });
    try {
      return new NetWorker(thread, options.dtype ?? "f32", await thread.opened);
    } catch (error) {
      await thread.close();
      throw error;
    }
  }

  get name(): string {
    return this.#facts.name;
  }

  /** Names of the blobs that Input layers make. */
  get inputs(): readonly string[] {
    return this.#facts.inputs;
  }

  /** Names of the blobs that no layer reads, in alphabetical order. */
  get outputs(): readonly string[] {
    return this.#facts.outputs;
  }

  get layerNames(): readonly string[] {
    return this.#facts.layerNames;
  }

  /** The shapes of inputs and outputs, as the last pass or `reshape` left them. */
  get shapes(): Readonly<Record<string, Shape>> {
    return this.#facts.shapes;
  }

  /** As `Net.forward` with inputs. */
  async forward<Name extends string = string>(
    inputs: ValuesByName = {},
    options: PassOptions = {},
  ): Promise<Record<Name, Blob>> {
    return this.#pass({ pass: "forward", given: this.#sent(inputs), options });
  }

  /** As `Net.backward` with gradients. */
  async backward<Name extends string = string>(
    diffs: ValuesByName = {},
    options: PassOptions = {},
  ): Promise<Record<Name, Blob>> {
    return this.#pass({ pass: "backward", given: this.#sent(diffs), options });
  }

  /** As `Net.forwardAll`. */
  async forwardAll<Name extends string = string>(
    inputs: ValuesByName,
    options: Pick<AllOptions, "blobs"> = {},
  ): Promise<Record<Name, Blob>> {
    return this.#pass({ pass: "forwardAll", given: this.#sent(inputs), options });
  }

  /**
   * Gives inputs other shapes, and lets every layer follow.
   * @throws NetError where there is no such input, or a shape is none; what a layer says whom the shapes do not suit: then all is as it was
   */
  async reshape(shapes: Readonly<Record<string, Shape>>): Promise<void> {
    checkByName("shapes", "lists of lengths", shapes);
    for (const [name, shape] of Object.entries(shapes)) {
      checkInput(this, name);
      if (Array.isArray(shape)) continue;
      throw new NetError(
        `net "${this.name}": ${JSON.stringify(shape)} is given as the shape of "${name}". Expected a list of lengths.`,
      );
    }
    await this.#ask({ reshape: shapes });
  }

  /** As `Net.copyFrom`: files are read in the thread, and what lies in this one's memory is copied. */
  async copyFrom(weights: Weights): Promise<CopiedWeights> {
    const { copied } = await this.#ask({ weights });
    return copied as CopiedWeights;
  }

  /** Ends the thread; passes that have not ended by then are refused. */
  async close(): Promise<void> {
    await this.#thread.close(
      new NetError(`net "${this.name}" is closed. Expected to be asked before that.`),
    );
  }

  async #pass<Name extends string>(question: PassQuestion): Promise<Record<Name, Blob>> {
    const { blobs, spent = [] } = await this.#ask(question, memoryGiven(question));
    this.#spare = spent;
    const named = Object.entries(blobs).map(([name, value]) => [name, blobOf(value)] as const);
    return recordOf(named) as Record<Name, Blob>;
  }

  async #ask(question: NetQuestion, memory: readonly ArrayBuffer[] = []): Promise<NetAnswer> {
    const answer = await this.#thread.ask(question, memory);
    this.#facts = { ...this.#facts, shapes: answer.shapes };
    return answer;
  }

  /** Copies of arrays, in memory that can be handed over. */
  #sent(values: ValuesByName): ArraysByName {
    const now = Object.entries(arraysNow(values, false));
    return recordOf(
      now.map(([name, { shape, data }]) => {
        const copy = this.#room(data.length);
        // Memory that was handed to another thread has no length, and no values that could be asked for.
        if (data.length > 0) copy.set(data);
        return [name, { shape, data: copy }] as const;
      }),
    );
  }

  /** An array to be written from end to end. */
  #room(count: number): FloatArray {
    const bytes = count * (this.#dtype === "f64" ? 8 : 4);
    const spare = this.#spare.find(({ byteLength }) => byteLength === bytes);
    if (!spare) return allocate(this.#dtype, count);
    this.#spare = this.#spare.filter((one) => one !== spare);
    return this.#dtype === "f64" ? new Float64Array(spare) : new Float32Array(spare);
  }
}

/** A blob whose memory is that of the arrays. */
function blobOf({ shape, data, diff }: BlobValue): Blob {
  const blob = new Blob(shape, data instanceof Float64Array ? "f64" : "f32");
  blob.dataMem.borrowCpu(data);
  if (diff) blob.diffMem.borrowCpu(diff);
  return blob;
}
