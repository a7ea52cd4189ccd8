// What training in many ranks comes to, by a simulation of one iteration: the backward pass makes gradients ready layer by
// layer, the network is a queue, and a gradient's update runs when its sum is back.

/** So many elements travel as one, and are at most one job of MPI: as src/distributed has it. */
const BUCKET = 1 << 20;
/** Jobs of MPI under way at once: as native/mpi has it. */
const MOST_UNDER_WAY = 4;
const BYTES = 4;

/** A gradient: its elements and, where it may travel as the factors of a product, those of one rank's factors. */
export interface Gradient {
  readonly elements: number;
  readonly factors?: number;
}

/** A layer's times in milliseconds, one rank's batch, in the order of the net. */
export interface LayerTimes {
  readonly name: string;
  readonly forward: number;
  readonly backward: number;
  /** Of all its gradients together. */
  readonly update: number;
  readonly gradients: readonly Gradient[];
}

/** One rank's iteration, as it was measured. */
export interface NetTimes {
  readonly net: string;
  /** Images of one rank's batch. */
  readonly batch: number;
  readonly layers: readonly LayerTimes[];
}

/**
 * How arrays of n bytes are added up over N ranks, each link with latency α and bandwidth β:
 * ring: 2(N−1)·(α + n/(N·β)); halving (Rabenseifner): 2⌈log₂N⌉·α + 2(N−1)/N·n/β; tree (a binomial tree up, and down
 * again): 2⌈log₂N⌉·(α + n/β), while one array goes up another may go down.
 */
export const allReduces = ["ring", "halving", "tree"] as const;
export type AllReduce = (typeof allReduces)[number];

/** The network between ranks, of which each has a link of its own. */
export interface Network {
  /** From one rank to another, in milliseconds. */
  readonly latency: number;
  /** In bytes per millisecond, each way. */
  readonly bandwidth: number;
  readonly allReduce: AllReduce;
  /**
   * What sending a byte and receiving one takes of the core that computes, in milliseconds; 0 by default. No computing is done
   * meanwhile, and no byte travels faster; while a rank waits for sums nothing is lost by it.
   */
  readonly hostCost?: number;
  /** What copying a gradient's byte to what travels, and its sum back, takes of the core, in milliseconds; 0 by default. */
  readonly copyCost?: number;
}

/** What an iteration comes to. */
export interface Prediction {
  /** Milliseconds of an iteration. */
  readonly step: number;
  readonly imagesPerSecond: number;
  /** Of the milliseconds that gradients travel, the share during which the rank computes; 1 where nothing travels. */
  readonly hidden: number;
  /** What takes longest in an iteration. */
  readonly bound: "compute" | "bandwidth" | "latency";
}

/** What travels together. */
interface Journey {
  readonly bytes: number;
  readonly isGathered: boolean;
  /** Milliseconds that the updates of those within it take. */
  readonly update: number;
  readonly ready: number;
}

/** A job's way, or half of it: waiting for messages to come, taking up one direction of the link, and bytes that each rank sends. */
interface Leg {
  readonly direction: "up" | "down";
  readonly latency: number;
  readonly transfer: number;
  readonly sent: number;
}

/**
 * One iteration of N ranks. Without `overlaps` gradients leave when the backward pass is done, and updates begin when all
 * sums are back.
 */
export function predict(
  times: NetTimes,
  ranks: number,
  network: Network,
  overlaps = true,
): Prediction {
  const { layers, batch } = times;
  const computed = sum(layers.map(({ forward, backward, update }) => forward + backward + update));
  if (ranks === 1) {
    return {
      step: computed,
      imagesPerSecond: (1000 * batch) / computed,
      hidden: 1,
      bound: "compute",
    };
  }
  const link = new Link(ranks, network);
  const bucketing = new Bucketing(ranks);
  let now = sum(layers.map(({ forward }) => forward));
  let computing = now;
  const waiting: { readonly update: number; readonly done: number }[] = [];
  const compute = (time: number): void => {
    now = link.timeAfter(now, time);
    computing += time;
  };
  const leave = (journeys: readonly Journey[]): void => {
    for (const journey of journeys) {
      const copying = (journey.bytes * (network.copyCost ?? 0)) / 2;
      compute(copying);
      const done = link.carry({ ...journey, ready: now });
      waiting.push({ update: journey.update + copying, done });
    }
  };
  const held: Journey[] = [];
  for (const layer of layers.toReversed()) {
    compute(layer.backward);
    const journeys = bucketing.send(layer);
    if (!overlaps) {
      held.push(...journeys);
      continue;
    }
    leave(journeys);
    while (waiting[0] && waiting[0].done <= now) compute(waiting.shift()!.update);
  }
  leave([...held, ...bucketing.depart()]);
  const lastComputed = now;
  now = Math.max(now, ...waiting.map(({ done }) => done));
  const waited = now - lastComputed;
  compute(sum(waiting.map(({ update }) => update)));
  // Ranks tell one another their losses.
  now += Math.ceil(Math.log2(ranks)) * network.latency;
  const { latency, transfer } = link;
  computing += link.served;
  const travelled = latency + transfer;
  const bound =
    computing >= Math.max(latency, transfer)
      ? "compute"
      : transfer >= latency
        ? "bandwidth"
        : "latency";
  return {
    step: now,
    imagesPerSecond: (1000 * batch * ranks) / now,
    hidden: travelled > 0 ? Math.max(0, 1 - waited / travelled) : 1,
    bound,
  };
}

/** Puts gradients together as `SummedGradients` does. */
class Bucketing {
  readonly #ranks: number;
  #open: { room: number; used: number; update: number } | undefined;

  constructor(ranks: number) {
    this.#ranks = ranks;
  }

  /** What leaves once a layer's gradients are there. */
  send({ gradients, update }: LayerTimes): Journey[] {
    const all = sum(gradients.map(({ elements }) => elements));
    return gradients.flatMap(({ elements, factors }) => {
      const share = (update * elements) / all;
      // As src/engines/native/factored-gradient.ts has it.
      if (factors !== undefined && 4 * this.#ranks * factors <= elements) {
        return [...this.depart(), journeyOf(factors + 1, share, true)];
      }
      const isFull = this.#open && this.#open.used + elements > this.#open.room;
      const left = isFull ? this.depart() : [];
      this.#open ??= { room: Math.max(elements, BUCKET), used: 0, update: 0 };
      this.#open.used += elements;
      this.#open.update += share;
      return this.#open.used >= BUCKET ? [...left, ...this.depart()] : left;
    });
  }

  /** What is still together. */
  depart(): Journey[] {
    const open = this.#open;
    this.#open = undefined;
    return open ? [journeyOf(open.used, open.update, false)] : [];
  }
}

function journeyOf(elements: number, update: number, isGathered: boolean): Journey {
  return { bytes: BYTES * elements, isGathered, update, ready: 0 };
}

/**
 * A rank's link, and the core that serves it: jobs take either up one after the other, while they wait for messages others may
 * have it.
 */
class Link {
  readonly #ranks: number;
  readonly #network: Network;
  readonly #done: number[] = [];
  /** From when on a direction is free. */
  readonly #free = { up: 0, down: 0 };
  /** When the core serves the link, in order. */
  readonly #serving: { readonly begin: number; readonly end: number }[] = [];
  /** Milliseconds of all jobs, and of the core for them. */
  latency = 0;
  transfer = 0;
  served = 0;

  constructor(ranks: number, network: Network) {
    this.#ranks = ranks;
    this.#network = network;
  }

  /** When a journey that is ready is back. */
  carry({ bytes, isGathered, ready }: Journey): number {
    const size = BYTES * BUCKET;
    let done = ready;
    for (let begin = 0; begin < bytes; begin += size) {
      const part = Math.min(size, bytes - begin);
      done = Math.max(ready, this.#done.at(-MOST_UNDER_WAY) ?? 0);
      for (const leg of this.#legs(part, isGathered)) done = this.#pass(leg, done);
      this.#done.push(done);
    }
    return done;
  }

  #pass({ direction, latency, transfer, sent }: Leg, ready: number): number {
    const begun = Math.max(ready, this.#free[direction]);
    const work = sent * (this.#network.hostCost ?? 0);
    const end = Math.max(begun + transfer, this.#serve(begun, work));
    this.#free[direction] = end;
    this.latency += latency;
    this.transfer += end - begun;
    return end + latency;
  }

  /** When so much work for the link is done, in the time that the core has from then on. */
  #serve(ready: number, work: number): number {
    this.served += work;
    let [at, left] = [ready, work];
    const spans: { begin: number; end: number }[] = [];
    for (const taken of [...this.#serving, { begin: Infinity, end: Infinity }]) {
      if (left <= 0) break;
      if (taken.end <= at) continue;
      const room = Math.min(left, taken.begin - at);
      if (room > 0) spans.push({ begin: at, end: at + room });
      left -= Math.max(0, room);
      at = left > 0 ? taken.end : at + room;
    }
    this.#serving.push(...spans);
    this.#serving.sort((a, b) => a.begin - b.begin);
    return at;
  }

  /** When so much has been computed that began then. */
  timeAfter(begin: number, work: number): number {
    let end = begin + work;
    for (const served of this.#serving) {
      if (served.begin < end) end += Math.max(0, served.end - Math.max(served.begin, begin));
    }
    return end;
  }

  #legs(bytes: number, isGathered: boolean): readonly Leg[] {
    const { latency, bandwidth, allReduce } = this.#network;
    const others = this.#ranks - 1;
    const doublings = Math.ceil(Math.log2(this.#ranks));
    const leg = (direction: Leg["direction"], steps: number, sent: number, passed = sent): Leg => ({
      direction,
      latency: steps * latency,
      transfer: passed / bandwidth,
      sent,
    });
    const steps = allReduce === "ring" ? others : doublings;
    if (isGathered) return [leg("up", steps, others * bytes)];
    if (allReduce !== "tree") return [leg("up", 2 * steps, (2 * others * bytes) / this.#ranks)];
    // Some ranks send on one of both ways and receive on the other: half of either's work.
    const passed = doublings * bytes;
    return [leg("up", steps, passed / 2, passed), leg("down", steps, passed / 2, passed)];
  }
}

/** The same net with a batch so many times as large: passes take as much longer, gradients and updates stay. */
export function withLargerBatch({ net, batch, layers }: NetTimes, factor: number): NetTimes {
  return {
    net,
    batch: batch * factor,
    layers: layers.map(({ forward, backward, gradients, ...rest }) => ({
      ...rest,
      forward: factor * forward,
      backward: factor * backward,
      gradients: gradients.map(({ elements, factors }) => ({
        elements,
        ...(factors !== undefined && { factors: factor * factors }),
      })),
    })),
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
