import { deserialize, serialize } from "node:v8";
import type { Workers } from "../solvers/workers.ts";
import type { SyncedMem } from "../syncedmem/synced-mem.ts";
import { SummedGradients, type Wire } from "./gradient-sums.ts";
import type { World } from "./world.ts";

/** The ranks of mpirun as workers of one training. */
export class Ranks implements Workers {
  readonly gradients: SummedGradients;
  readonly #world: World;

  /** @param wire what the elements of gradients are on their way */
  constructor(world: World, wire?: Wire) {
    this.#world = world;
    this.gradients = new SummedGradients(world, wire);
  }

  get rank(): number {
    return this.#world.rank;
  }

  get count(): number {
    return this.#world.count;
  }

  get waitedMs(): number {
    return this.#world.waitedMs;
  }

  nameOf(rank: number): string {
    return this.#world.nameOf(rank);
  }

  /** With the numbers travels how gradients lie: once all agree they travel so. */
  async meet(numbers: readonly number[]): Promise<readonly (readonly number[])[]> {
    const all = await this.#world.meet([...numbers, this.gradients.forms]);
    const forms = all.map((told) => told.pop() as number);
    const [first = 0] = forms;
    this.gradients.agree(forms.every((form) => form === first) ? first : undefined);
    return all;
  }

  sumNow(numbers: Float64Array): void {
    this.#world.sumNow(numbers);
  }

  async share<T>(value: T): Promise<T[]> {
    const all = await this.#world.gatherBytes(serialize(value));
    return all.map((bytes) => deserialize(bytes) as T);
  }

  async follow(arrays: readonly SyncedMem[]): Promise<void> {
    for (const mem of arrays) {
      await mem.toHost();
      await this.#world.broadcast(mem.mutableCpu().subarray(0, mem.count));
    }
  }
}
