import type { Blob } from "../../../src/blob/blob.ts";
import type { Engines } from "../../../src/engines/choose.ts";
import { createEngines } from "../../../src/engines/create.ts";
import { Net } from "../../../src/net/net.ts";
import { Random } from "../../../src/util/random.ts";
import { farthest, firstWrong, largestOf } from "./closeness.ts";
import { type DrawnNet, fillWeights, NetSketch } from "./draw-net.ts";

type Arrays = Record<string, { shape: readonly number[]; data: Float32Array }>;

/** What numbers of a pass are: within ±1, with one NaN, with one infinity, within ±10,000. */
const VALUES = ["usual", "NaN", "infinite", "large"] as const;
type Kind = (typeof VALUES)[number];

/** In float64 as the plain net in float32, or so many times as far: rounding of nets that divide by little. */
const [FARTHER, LEAST_FARTHER] = [100, 3e-3];

const reference = createEngines({ prefer: "reference" });
const options = { phase: "TEST", seed: 3, silent: true } as const;

/**
 * Draws net `number` of a seed, runs it layer by layer and as it is used, `forInference` or with memory shared, and does to both what
 * a program may: passes, other shapes, weights that change, blobs that are kept, errors in the middle, two passes at once.
 * @returns whether there was a net that can be built
 * @throws an Error with the net and what was done, where the two differ
 */
export async function tryInference(
  engines: Engines,
  seed: number,
  number: number,
): Promise<boolean> {
  const random = new Random(seed, "inference", number);
  const { drawn } = new NetSketch(random);
  let plain: Net;
  try {
    plain = Net.parse(drawn.text, { ...options, engines, fuse: false });
  } catch {
    return false;
  }
  try {
    await new InferenceTrial(drawn, plain, engines, random).run();
  } catch (error) {
    const what = error instanceof Error ? error.message : String(error);
    throw new Error(`${what}\n${drawn.text}`, { cause: error });
  }
  return true;
}

class InferenceTrial {
  readonly #drawn: DrawnNet;
  readonly #random: Random;
  readonly #plain: Net;
  readonly #used: readonly Net[];
  /** Whether the used nets' weights are the plain one's memory. */
  readonly #isShared: boolean;
  readonly #kept = new Set<string>();
  #shapes: Readonly<Record<string, readonly number[]>>;
  #given: Arrays = {};
  readonly #done: string[] = [];

  constructor(drawn: DrawnNet, plain: Net, engines: Engines, random: Random) {
    this.#drawn = drawn;
    this.#plain = plain;
    this.#random = random;
    this.#shapes = Object.fromEntries(drawn.inputs.map(({ name, shape }) => [name, shape]));
    const open = (more: object): Net => Net.parse(drawn.text, { ...options, engines, ...more });
    const sharing = random.bernoulli(0.25);
    const used = open(sharing ? { forwardOnly: true, sharesMemory: true } : { forInference: true });
    const second = random.bernoulli(0.3) ? open({ forInference: true }) : undefined;
    this.#done.push(sharing ? "sharing memory" : "for inference");
    fillWeights(this.#plain, random);
    this.#isShared = random.bernoulli(0.5);
    if (this.#isShared) used.shareWith(this.#plain);
    else copyWeights(this.#plain, used);
    second?.shareWith(used);
    this.#used = second ? [used, second] : [used];
  }

  async run(): Promise<void> {
    try {
      const isSteady = this.#random.bernoulli(0.5);
      const count = 6 + this.#random.below(10);
      for (let i = 0; i < count; i++) {
        if (isSteady && i < 4) await this.#pass();
        else await this.#pick(...this.#steps)();
      }
    } catch (error) {
      const what = error instanceof Error ? error.message : String(error);
      throw new Error(`${what}\n${this.#done.join("; ")}`, { cause: error });
    } finally {
      for (const net of [...this.#used, this.#plain]) net.close();
    }
  }

  readonly #pass = async (): Promise<void> => {
    const given = this.#values();
    await this.#plain.forward(given);
    for (const net of this.#used) {
      await this.#compare(await net.forward(given));
      await this.#compare(blobsOf(net, this.#kept));
    }
  };

  /** What may be done; passes more often. */
  readonly #steps: readonly (() => Promise<void>)[] = [
    ...[this.#pass, this.#pass, this.#pass, this.#pass],
    async () => this.#reshape(),
    async () => this.#changeWeights(),
    async () => this.#keep(),
    () => this.#throwInside(),
    async () => this.#overwriteOutput(),
    () => this.#twoAtOnce(),
    () => this.#inPlace(),
    () => this.#askForBlob(),
    () => this.#endEarly(),
    () => this.#giveOne(),
    async () => this.#now(),
  ];

  #reshape(): void {
    const before = this.#shapes;
    const [batch, more] = [this.#pick(0, 1, 2, 3, 5), this.#pick(0, 0, 0, -1, 1, 2, 3)];
    this.#done.push(`batches of ${batch}, sides ${more} longer`);
    this.#shapes = Object.fromEntries(
      this.#drawn.inputs.map(({ name, shape: [, channels = 1, ...sides] }) => [
        name,
        [batch, channels, ...sides.map((side) => Math.max(1, side + more))],
      ]),
    );
    const errors = this.#nets.map((net) => this.#reshaped(net));
    if (new Set(errors).size > 1) throw new Error(`reshape throws ${errors.join(", or ")}`);
    if (errors[0] === undefined) return;
    this.#shapes = before;
    for (const net of this.#nets) this.#reshaped(net);
  }

  /** What kept a net from the present shapes. */
  #reshaped(net: Net): string | undefined {
    for (const [name, shape] of Object.entries(this.#shapes)) net.blob(name).reshape(shape);
    try {
      net.reshape();
      return undefined;
    } catch (error) {
      return (error as Error).message;
    }
  }

  #changeWeights(): void {
    const all = this.#plain.layers.flatMap(({ blobs }, i) => blobs.map((_, k) => [i, k] as const));
    if (all.length === 0) return;
    const [i, k] = this.#pick(...all);
    const factor = this.#pick(1.7, 0.4);
    this.#done.push(`parameter ${k} of ${this.#plain.layerNames[i]} times ${factor}`);
    const [first] = this.#used;
    for (const net of this.#isShared || !first ? [this.#plain] : [this.#plain, first]) {
      const data = net.layers[i]?.blobs[k]?.dataMem.mutableCpu() ?? [];
      for (let at = 0; at < data.length; at++) data[at] = (data[at] as number) * factor;
    }
  }

  #keep(): void {
    const name = this.#pick(...this.#plain.blobNames);
    this.#done.push(`keep ${name}`);
    for (const net of this.#used) net.keep(name);
    this.#kept.add(name);
  }

  async #throwInside(): Promise<void> {
    this.#done.push("an error inside");
    for (const net of this.#used) {
      const at = this.#random.below(net.layers.length);
      net.beforeForward.push((i) => {
        if (i === at) throw new Error("thrown inside");
      });
      const thrown = await net.forward(this.#values("usual")).then(
        () => "",
        (error: Error) => error.message,
      );
      net.beforeForward.splice(0);
      if (!thrown.includes("thrown inside")) throw new Error(`the error inside became "${thrown}"`);
    }
  }

  #overwriteOutput(): void {
    const name = this.#pick(...this.#plain.outputs);
    this.#done.push(`${name} is overwritten`);
    for (const net of this.#used) net.blob(name).data.fill(7);
  }

  async #twoAtOnce(): Promise<void> {
    const passes = [this.#values(), this.#values("usual")];
    const asked = this.#used.map((net) => passes.map((given) => net.forward(given)));
    for (const [i, given] of passes.entries()) {
      this.#given = given;
      await this.#plain.forward(given);
      for (const one of asked) await this.#compare((await one[i]) as Record<string, Blob>);
    }
  }

  /** Inputs are written where they lie. */
  async #inPlace(): Promise<void> {
    this.#write(this.#values());
    await this.#plain.forward();
    for (const net of this.#used) {
      await net.forward();
      await this.#compare(blobsOf(net, [...net.outputs, ...this.#kept]));
    }
  }

  #now(): void {
    this.#write(this.#values("usual"));
    this.#done.push("at once");
    for (const net of this.#nets) net.forwardNow();
    for (const net of this.#used)
      for (const name of net.outputs) this.#check(name, net.blob(name), this.#plain.blob(name));
  }

  async #askForBlob(): Promise<void> {
    const given = this.#values();
    const name = this.#pick(...this.#plain.blobNames);
    this.#done.push(`ask for ${name}`);
    await this.#plain.forward(given);
    for (const net of this.#used) await this.#compare(await net.forward(given, { blobs: [name] }));
    this.#kept.add(name);
  }

  async #endEarly(): Promise<void> {
    const given = this.#values();
    const end = this.#pick(...this.#plain.layerNames);
    this.#done.push(`end at ${end}`);
    await this.#plain.forward(given, { end });
    for (const net of this.#used) {
      const got = await net.forward(given, { end }).catch((error: Error) => {
        // What a net for inference does not keep it says.
        if (error.message.includes("given up")) return {};
        throw error;
      });
      await this.#compare(got);
    }
  }

  async #giveOne(): Promise<void> {
    const given = this.#values();
    const { name } = this.#pick(...this.#drawn.inputs);
    this.#write(given);
    this.#done.push(`${name} alone`);
    const one = { [name]: given[name] as Arrays[string] };
    await this.#plain.forward(one);
    for (const net of this.#used) await this.#compare(await net.forward(one));
  }

  get #nets(): readonly Net[] {
    return [this.#plain, ...this.#used];
  }

  #pick<T>(...all: readonly T[]): T {
    return all[this.#random.below(all.length)] as T;
  }

  /** Numbers for the inputs, in their present shapes. */
  #values(kind: Kind = this.#random.bernoulli(0.12) ? this.#pick(...VALUES) : "usual"): Arrays {
    this.#done.push(`pass, ${kind}`);
    const size = kind === "large" ? 1e4 : 1;
    const one = kind === "NaN" ? Number.NaN : this.#pick(-1, 1) * Number.POSITIVE_INFINITY;
    this.#given = Object.fromEntries(
      Object.entries(this.#shapes).map(([name, shape]) => {
        const count = shape.reduce((all, length) => all * length, 1);
        const data = Float32Array.from({ length: count }, () => size * this.#random.uniform(-1, 1));
        if (count > 0 && (kind === "NaN" || kind === "infinite"))
          data[this.#random.below(count)] = one;
        return [name, { shape, data }];
      }),
    );
    return this.#given;
  }

  #write(given: Arrays): void {
    for (const net of this.#nets) {
      for (const [name, { data }] of Object.entries(given))
        net.blob(name).dataMem.overwriteCpu().set(data);
    }
  }

  /** @throws Error where blobs are not as the plain net's, nor as right as these */
  async #compare(got: Readonly<Record<string, Blob>>): Promise<void> {
    for (const [name, blob] of Object.entries(got)) {
      const wanted = this.#plain.blob(name);
      if (this.#isRight(name, blob, wanted)) continue;
      const [truth, right] = [await this.#truth(name), wanted.values()];
      const [error, usual] = [farthest(blob.values(), truth), farthest(right, truth)];
      if (error <= FARTHER * usual && error < LEAST_FARTHER * largestOf(right)) continue;
      this.#check(name, blob, wanted);
    }
  }

  #isRight(name: string, blob: Blob, wanted: Blob): boolean {
    if (blob.shape.join() !== wanted.shape.join())
      throw new Error(`${name} is ${blob.shapeString()}, and not ${wanted.shapeString()}`);
    return this.#firstWrong(blob, wanted) < 0;
  }

  #check(name: string, blob: Blob, wanted: Blob): void {
    if (this.#isRight(name, blob, wanted)) return;
    const at = this.#firstWrong(blob, wanted);
    throw new Error(`${name}[${at}] is ${blob.values()[at]}, and not ${wanted.values()[at]}`);
  }

  #firstWrong(blob: Blob, wanted: Blob): number {
    const right = wanted.values();
    const isTainted = this.#plain.blobNames.some((name) =>
      this.#plain
        .blob(name)
        .values()
        .some((x) => !Number.isFinite(x)),
    );
    return firstWrong(blob.values(), right, largestOf(right), isTainted);
  }

  /** A blob in float64. */
  async #truth(name: string): Promise<Float64Array> {
    using net = Net.parse(this.#drawn.text, {
      ...{ ...options, engines: reference, dtype: "f64" as const, fuse: false },
    });
    copyWeights(this.#plain, net);
    await net.forward(this.#given);
    return Float64Array.from(net.blob(name).values());
  }
}

function copyWeights(from: Net, to: Net): void {
  for (const [i, { blobs }] of to.layers.entries()) {
    for (const [k, blob] of blobs.entries()) {
      const weights = from.layers[i]?.blobs[k]?.values() ?? [];
      blob.dataMem.overwriteCpu().set(weights);
    }
  }
}

function blobsOf(net: Net, names: Iterable<string>): Record<string, Blob> {
  return Object.fromEntries([...names].map((name) => [name, net.blob(name)]));
}
