import type { Arrival, GradientSums } from "../solvers/workers.ts";
import { plainJoining } from "../syncedmem/plain-joining.ts";
import type { Joining, SyncedMem } from "../syncedmem/synced-mem.ts";
import type { FloatArray } from "../util/arrays.ts";
import type { Job } from "./job.ts";
import { type Shareable, SharedParameters } from "./shared-parameters.ts";
import type { World } from "./world.ts";

/** So many elements travel as one: fewer would cost more by their number, more would begin later. */
const BUCKET = 1 << 20;

/** What the elements of gradients are on their way. */
export type Wire = "float32" | "bf16";

/** After so many meetings at which gradients lay alike, parameters are shared: until then layouts are being chosen. */
const ALIKE_BEFORE_SHARING = 2;

/** How a gradient travels: in the layout in which it lies on all workers, or plain. */
interface Form {
  readonly layout: string;
  readonly joining: Joining;
  /** What is updated by it, where it lies so that workers can share that. */
  readonly updated: readonly SyncedMem[] | undefined;
}

/** A gradient within a bucket. */
interface Passenger {
  readonly mem: SyncedMem;
  readonly joining: Joining | undefined;
  readonly begin: number;
  readonly end: number;
}

/** Memory for gradients that travel together. */
interface Room {
  readonly array: FloatArray;
  /** Where the elements travel as bfloat16. */
  readonly halves: Uint16Array | undefined;
}

/** Gradients that travel together. */
interface Bucket extends Room {
  readonly passengers: Passenger[];
  used: number;
  jobs: Job[];
}

/** A gradient whose factors travel: every worker's own, behind a number that says whether they are there. */
interface Factors {
  readonly mem: SyncedMem;
  readonly joining: Joining;
  readonly all: Float32Array;
  readonly jobs: Job[];
}

/** A gradient that all see, once all have told that number. */
interface Seen {
  readonly mem: SyncedMem;
  readonly told: number;
}

type Journey = Bucket | Factors | Seen;

/**
 * Adds gradients up over all workers while backward goes on: small ones travel together, those that are kept as the factors
 * of a product travel as factors.
 *
 * A gradient travels in the layout in which it lies, once all workers have told that it lies so on each of them; plain until
 * then. A worker where it comes to lie in another way brings it into the form that was agreed on.
 *
 * As bfloat16 half as much travels. What rounding takes from a gradient is added to the next one (Seide et al., Interspeech
 * 2014; Karimireddy et al., ICML 2019). Factors, and gradients in float64, travel whole.
 *
 * On one machine large parameters come to lie in memory of all, and their gradients do not travel: `SharedParameters`.
 */
export class SummedGradients implements GradientSums {
  readonly #world: World;
  /** How each travels, as was agreed on; the others travel plain. */
  #agreed: ReadonlyMap<SyncedMem, Form | undefined> = new Map();
  /** How each lay here when it was sent last, in the order in which they were first sent; undefined where nothing is shared for it. */
  readonly #seen: Map<SyncedMem, Form | undefined> = new Map();
  #open: Bucket | undefined;
  readonly #journeys: Journey[] = [];
  /** Gradients that one of the workers could not give as factors. */
  #left: SyncedMem[] = [];
  /** Of buckets that have come back. */
  readonly #spare: Room[] = [];
  readonly #wire: Wire;
  readonly #shared: SharedParameters;
  /** Meetings in a row at which gradients lay as they do now. */
  #alike = 0;
  #lastForms: number | undefined;
  /** The system has given no memory that all see. */
  #cannotShare = false;
  /** What rounding took from each gradient, in the layout in which it travelled. */
  readonly #rests: Map<SyncedMem, { readonly layout: string; readonly rest: Float32Array }> =
    new Map();
  #bytes = 0;
  /** Since when gradients are on their way, while some are. */
  #onWaySince = 0;
  #onWayMs = 0;
  #waitedMs = 0;

  constructor(world: World, wire: Wire = "float32") {
    this.#world = world;
    this.#wire = wire;
    this.#shared = new SharedParameters(world);
  }

  get bytes(): number {
    return this.#bytes;
  }

  get onWayMs(): number {
    return this.#onWayMs;
  }

  get waitedMs(): number {
    return this.#waitedMs;
  }

  restart(): void {
    this.#agreed = new Map();
    this.#seen.clear();
    this.#rests.clear();
    this.#shared.leave();
    this.#alike = 0;
  }

  send(mem: SyncedMem, updated?: readonly SyncedMem[]): void {
    this.#note(mem, updated);
    if (this.#shared.has(mem)) {
      this.#begin({ mem, told: this.#shared.send(mem) });
      return;
    }
    const joining = this.#agreed.get(mem)?.joining;
    if (joining?.kind === "side by side") {
      this.#sendFactors(mem, joining);
      return;
    }
    const floats = joining?.floats ?? mem.count;
    const bucket = this.#bucketFor(mem, floats);
    const [begin, end] = [bucket.used, bucket.used + floats];
    const place = bucket.array.subarray(begin, end);
    if (joining) joining.write(mem, place as Float32Array);
    else place.set(mem.cpu().subarray(0, floats));
    if (bucket.halves) {
      const rest = this.#restOf(mem, floats);
      this.#world.halve(place as Float32Array, rest, bucket.halves.subarray(begin, end));
    }
    bucket.used = end;
    bucket.passengers.push({ mem, joining, begin, end });
    if (end >= BUCKET) this.#depart();
  }

  #restOf(mem: SyncedMem, floats: number): Float32Array {
    const layout = this.#agreed.get(mem)?.layout ?? "plain";
    const kept = this.#rests.get(mem);
    if (kept?.layout === layout) return kept.rest;
    const rest = new Float32Array(floats);
    this.#rests.set(mem, { layout, rest });
    return rest;
  }

  #note(gradient: SyncedMem, updated: readonly SyncedMem[] = []): void {
    const store = gradient.isCpuFresh ? undefined : gradient.freshPrivate();
    const isPlain = !store && gradient.dtype === "f32";
    const joining = isPlain ? plainJoining(gradient) : store?.joining?.(this.#world.count);
    const canShare = joining && SharedParameters.canHold({ gradient, joining, updated });
    const form = joining && {
      layout: store?.layout ?? "plain",
      joining,
      updated: canShare ? updated : undefined,
    };
    this.#seen.set(gradient, form);
  }

  /** A bucket with room for so many elements of the array's type. */
  #bucketFor({ dtype }: SyncedMem, floats: number): Bucket {
    const open = this.#open;
    const isFull = open && open.used + floats > open.array.length;
    if (open && (isFull || isDouble(open.array) !== (dtype === "f64"))) this.#depart();
    this.#open ??= {
      ...this.#roomFor(Math.max(floats, BUCKET), dtype === "f64"),
      passengers: [],
      used: 0,
      jobs: [],
    };
    return this.#open;
  }

  #roomFor(length: number, wantsDouble: boolean): Room {
    const at = this.#spare.findIndex(
      ({ array }) => array.length === length && isDouble(array) === wantsDouble,
    );
    if (at >= 0) return this.#spare.splice(at, 1)[0] as Room;
    if (wantsDouble) return { array: new Float64Array(length), halves: undefined };
    const halves = this.#wire === "bf16" ? new Uint16Array(length) : undefined;
    return { array: new Float32Array(length), halves };
  }

  /** Sends the open bucket off. */
  #depart(): void {
    const bucket = this.#open;
    if (!bucket) return;
    this.#open = undefined;
    const sent = (bucket.halves ?? bucket.array).subarray(0, bucket.used);
    this.#bytes += sent.byteLength;
    bucket.jobs = this.#world.beginSum(sent);
    this.#begin(bucket);
  }

  #begin(journey: Journey): void {
    if (this.#journeys.length === 0) this.#onWaySince = performance.now();
    this.#journeys.push(journey);
  }

  /** The first that is under way has come. */
  #end(): Journey {
    const journey = this.#journeys.shift() as Journey;
    if (this.#journeys.length === 0) this.#onWayMs += performance.now() - this.#onWaySince;
    return journey;
  }

  #sendFactors(mem: SyncedMem, joining: Joining): void {
    this.#depart();
    const own = new Float32Array(1 + joining.floats);
    own[0] = joining.write(mem, own.subarray(1)) ? 1 : 0;
    const all = new Float32Array(own.length * this.#world.count);
    this.#bytes += own.byteLength;
    const jobs = [this.#world.beginGather(own, all)];
    this.#begin({ mem, joining, all, jobs });
  }

  arrived(): readonly Arrival[] {
    const come: Arrival[] = [];
    for (;;) {
      const [first] = this.#journeys;
      if (!first || !this.#hasCome(first)) return come;
      come.push(...this.#receive(this.#end()));
    }
  }

  #hasCome(journey: Journey): boolean {
    if ("told" in journey) return this.#shared.hasCome(journey.told);
    return this.#world.areDone(journey.jobs);
  }

  async settle(): Promise<readonly Arrival[]> {
    this.#depart();
    const come: Arrival[] = [];
    for (let [first] = this.#journeys; first; [first] = this.#journeys) {
      const since = performance.now();
      if ("told" in first) await this.#shared.wait(first.told);
      else await this.#world.wait(first.jobs);
      this.#waitedMs += performance.now() - since;
      come.push(...this.#receive(this.#end()));
    }
    for (const mem of this.#left.splice(0)) {
      await this.#world.wait(this.#world.beginSum(mem.mutableCpu().subarray(0, mem.count)));
      const share = this.#shared.has(mem) ? this.#shared.shareOf(mem) : undefined;
      come.push({ gradient: mem, ...(share && { share }) });
    }
    return come;
  }

  async finish(isSound: boolean): Promise<boolean> {
    const areAllSound = await this.#shared.finish(isSound);
    await this.#shareMore();
    return areAllSound;
  }

  /** Lets parameters be shared whose gradients have lain alike for a while. */
  async #shareMore(): Promise<void> {
    if (this.#cannotShare || this.#wire !== "float32" || this.#alike < ALIKE_BEFORE_SHARING) return;
    const wanted = [...this.#agreed].flatMap(([gradient, form]): Shareable[] =>
      form?.updated ? [{ ...form, gradient, updated: form.updated }] : [],
    );
    if (wanted.length === 0 || this.#shared.hold(wanted)) return;
    this.#cannotShare = !(await this.#shared.take(wanted));
  }

  /** Takes sums in; those that are still to be made are not among what it gives. */
  #receive(journey: Journey): Arrival[] {
    if ("told" in journey) {
      const { mem } = journey;
      const share = this.#shared.receive(mem);
      if (!share) this.#left.push(mem);
      return share ? [{ gradient: mem, share }] : [];
    }
    if ("all" in journey) {
      const { mem, joining, all } = journey;
      const length = 1 + joining.floats;
      const flags = Array.from({ length: this.#world.count }, (_, rank) => all[rank * length]);
      if (flags.includes(0)) {
        this.#left.push(mem);
        return [];
      }
      const parts = flags.map((_, rank) => all.subarray(rank * length + 1, (rank + 1) * length));
      joining.read(mem, parts);
      return [{ gradient: mem }];
    }
    const { halves, array, used } = journey;
    if (halves) {
      this.#world.widen(halves.subarray(0, used), array.subarray(0, used) as Float32Array);
    }
    for (const { mem, joining, begin, end } of journey.passengers) {
      const sums = journey.array.subarray(begin, end);
      if (joining) joining.read(mem, [sums as Float32Array]);
      else mem.overwriteCpu().set(sums);
    }
    this.#spare.push({ array, halves });
    return journey.passengers.map(({ mem }) => ({ gradient: mem }));
  }

  /** A number for how gradients lay here when they were sent last; equal, but for rare chance, only where they lay alike. */
  get forms(): number {
    let hash = 0;
    for (const form of this.#seen.values()) {
      const { layout } = form ?? { layout: "plain" };
      for (let i = 0; i < layout.length; i++) hash = mixed(hash, layout.charCodeAt(i));
      hash = mixed(hash, form?.updated ? 1 : 0);
    }
    return hash;
  }

  /**
   * All workers have told their `forms`: where these are equal, gradients travel from now on as they lie.
   * @param forms those of all; undefined where they differ
   */
  agree(forms: number | undefined): void {
    this.#alike = forms === undefined ? 0 : forms === this.#lastForms ? this.#alike + 1 : 1;
    this.#lastForms = forms;
    this.#agreed = forms === undefined ? new Map() : new Map(this.#seen);
  }
}

function isDouble(array: FloatArray): boolean {
  return array instanceof Float64Array;
}

function mixed(hash: number, value: number): number {
  return Math.imul(hash ^ value, 0x01000193) >>> 0;
}
