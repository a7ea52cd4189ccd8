import type { UpdateShare } from "../solvers/workers.ts";
import { type Joining, SyncedMem } from "../syncedmem/synced-mem.ts";
import { CaffeError } from "../util/errors.ts";
import type { World } from "./world.ts";

/** Smaller parameters are not worth a place of their own: their gradients travel together. */
const LEAST = 1 << 14;
/** Bytes of a large page. What a step reads once is read faster from such: VGG16's step by 1.3, CaffeNet's by 1.15. */
const LARGE_PAGE = 1 << 21;
/** Floats of a line of the cache. */
const LINE = 16;
/** Behind the number that a rank tells: whether it has updated something to what is no finite number. */
const UNSOUND = 1;

/** A gradient that lies on all ranks in one way, and the arrays that are updated by it. */
export interface Shareable {
  readonly gradient: SyncedMem;
  readonly layout: string;
  readonly joining: Joining;
  readonly updated: readonly SyncedMem[];
}

/** One rank's gradient, and a number that says whether it is there. */
interface Part {
  readonly isThere: Float32Array;
  readonly floats: Float32Array;
}

/** A parameter that ranks share. */
interface Member extends Shareable {
  /** Where the parameter and its history lie. */
  readonly places: readonly Float32Array[];
  readonly parts: readonly Part[];
  readonly begin: number;
  readonly share: UpdateShare;
  /** How often the parameter had been written when all ranks had updated it. */
  writes: number;
}

/**
 * Large parameters of ranks on one machine: they lie, with what the rule keeps of them, in memory of all ranks, of which each
 * updates its share. Gradients are made there: a rank adds up its share of them, and nothing is copied.
 *
 * What one rank has written the others read once it has told so. A parameter is updated when every rank has told that its
 * gradient is there, for then none computes with it any more in this iteration; and the next begins when all have updated.
 */
export class SharedParameters {
  readonly #world: World;
  readonly #members: Map<SyncedMem, Member> = new Map();
  #memory: ArrayBuffer | undefined;
  #numbers: Uint32Array | undefined;
  #told = 0;

  constructor(world: World) {
    this.#world = world;
  }

  /** Whether it is worth it, and possible, to share what is updated by a gradient. */
  static canHold({ gradient, joining: { sharing }, updated }: Omit<Shareable, "layout">): boolean {
    const fits = sharing.elements >= LEAST && gradient.dtype === "f32";
    return fits && updated.length > 0 && updated.every((mem) => sharing.fits(mem));
  }

  has(gradient: SyncedMem): boolean {
    return this.#members.has(gradient);
  }

  /** Whether it shares these, and no others. */
  hold(wanted: readonly Shareable[]): boolean {
    return (
      wanted.length === this.#members.size &&
      wanted.every(({ gradient, layout }) => this.#members.get(gradient)?.layout === layout)
    );
  }

  /**
   * Moves parameters and their history to memory of all ranks, where there can be some: every rank does it at the same moment.
   * @returns whether they are there
   */
  async take(wanted: readonly Shareable[]): Promise<boolean> {
    this.leave();
    const { count } = this.#world;
    const lengths = wanted.map(({ joining: { floats, sharing }, updated }) => ({
      kept: updated.map(() => lines(sharing.elements)),
      part: LINE + lines(floats),
    }));
    const all = lengths.reduce(
      (total, { kept, part }) => total + kept.reduce((a, b) => a + b, 0) + count * part,
      LINE * count,
    );
    const memory = await this.#memoryOf(Math.ceil((4 * all) / LARGE_PAGE) * LARGE_PAGE);
    if (!memory) return false;
    let at = LINE * count;
    const place = (floats: number): Float32Array => {
      const array = new Float32Array(memory, 4 * at, floats);
      at += lines(floats);
      return array;
    };
    for (const one of wanted) {
      const { sharing, floats } = one.joining;
      const places = one.updated.map(() => place(sharing.elements));
      const parts = Array.from({ length: count }, () => ({
        isThere: place(LINE),
        floats: place(floats),
      }));
      this.#members.set(one.gradient, this.#memberOf(one, places, parts));
    }
    await this.#together();
    return true;
  }

  /** Memory of all ranks of so many bytes, the last one where that has as many; the numbers that ranks tell are at its begin. */
  async #memoryOf(bytes: number): Promise<ArrayBuffer | undefined> {
    // None writes there what another still copies away.
    if (this.#memory?.byteLength === bytes) await this.#together();
    else {
      this.#memory = await this.#world.shareMemory(bytes);
      if (this.#memory) this.#world.enlargePages(new Float32Array(this.#memory));
      this.#told = 0;
    }
    const { count } = this.#world;
    this.#numbers = this.#memory && new Uint32Array(this.#memory, 0, LINE * count);
    return this.#memory;
  }

  #memberOf(one: Shareable, places: readonly Float32Array[], parts: readonly Part[]): Member {
    const { joining, updated, gradient: whole } = one;
    const { elements, unit } = joining.sharing;
    const { rank, count } = this.#world;
    const units = Math.ceil(elements / unit);
    const edge = (of: number): number =>
      Math.min(elements, unit * Math.floor((units * of) / count));
    const [begin, end] = [edge(rank), rank === count - 1 ? elements : edge(rank + 1)];
    const shareOf = (array: Float32Array): SyncedMem => {
      const mem = new SyncedMem(end - begin);
      mem.borrowCpu(array.subarray(begin, end));
      return mem;
    };
    for (const [i, mem] of updated.entries()) joining.sharing.move(mem, places[i] as Float32Array);
    joining.sharing.moveGradient(whole, (parts[rank] as Part).floats);
    const [parameter, ...history] = places.map(shareOf) as [SyncedMem, ...SyncedMem[]];
    const gradient = new SyncedMem(end - begin);
    gradient.isReadOnce = true;
    const share = { parameter, gradient, history };
    return { ...one, places, parts, begin, share, writes: updated[0]?.writes ?? 0 };
  }

  /** Writes a gradient to where the others read it; gives the number that all have told when it is there. */
  send(gradient: SyncedMem): number {
    const member = this.#member(gradient);
    this.#checkUntouched(member);
    const { isThere, floats } = member.parts[this.#world.rank] as Part;
    isThere[0] = member.joining.write(gradient, floats) ? 1 : 0;
    return this.#tell();
  }

  #checkUntouched({ updated, places, joining: { sharing }, writes }: Member): void {
    const isThere = updated.every((mem, i) => sharing.isThere(mem, places[i] as Float32Array));
    if (isThere && updated[0]?.writes === writes) return;
    throw new CaffeError(
      "a parameter was written between two updates, which ranks of one machine share. Expected weights to be read by values(), and set by loadWeights().",
    );
  }

  #tell(): number {
    this.#told = (this.#told + 1) >>> 0;
    this.#world.tell(this.#numbers as Uint32Array, this.#told);
    return this.#told;
  }

  hasCome(told: number): boolean {
    return this.#world.allTold(this.#numbers as Uint32Array, told, 0);
  }

  async wait(told: number): Promise<void> {
    await this.#world.until((ms) => this.#world.allTold(this.#numbers as Uint32Array, told, ms));
  }

  /** This rank's share of a sum that has come; undefined where one of the ranks could not write its gradient. */
  receive(gradient: SyncedMem): UpdateShare | undefined {
    const { parts, joining, begin, share } = this.#member(gradient);
    if (parts.some(({ isThere }) => isThere[0] !== 1)) return undefined;
    const floats = parts.map((part) => part.floats);
    joining.sharing.sum(floats, begin, begin + share.parameter.count, share.gradient);
    return share;
  }

  /** This rank's share of a sum that was made by other means. */
  shareOf(gradient: SyncedMem): UpdateShare {
    const { begin, share } = this.#member(gradient);
    const end = begin + share.parameter.count;
    share.gradient.borrowCpu((gradient.cpu() as Float32Array).slice(begin, end));
    return share;
  }

  /**
   * Waits until all ranks have updated their shares.
   * @param isSound whether this rank's are of finite numbers
   * @returns whether those of all ranks are: what no other rank has updated only one of them can tell
   */
  async finish(isSound: boolean): Promise<boolean> {
    if (this.#members.size === 0) return isSound;
    const numbers = this.#numbers as Uint32Array;
    numbers[LINE * this.#world.rank + UNSOUND] = isSound ? 0 : 1;
    await this.#together();
    for (const member of this.#members.values()) {
      for (const mem of member.updated) member.joining.sharing.markChanged(mem);
      member.writes = member.updated[0]?.writes ?? 0;
    }
    const { count } = this.#world;
    return Array.from({ length: count }, (_, rank) => numbers[LINE * rank + UNSOUND]).every(
      (told) => told === 0,
    );
  }

  async #together(): Promise<void> {
    await this.wait(this.#tell());
  }

  /** Gives every array memory of its own again. */
  leave(): void {
    for (const { joining, updated, gradient } of this.#members.values()) {
      for (const mem of [...updated, gradient]) joining.sharing.leave(mem);
    }
    this.#members.clear();
  }

  #member(gradient: SyncedMem): Member {
    return this.#members.get(gradient) as Member;
  }
}

/** As many floats as whole lines have. */
function lines(floats: number): number {
  return Math.ceil(floats / LINE) * LINE;
}
