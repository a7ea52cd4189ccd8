import type { Blob } from "../../blob/blob.ts";
import type { Engine, ReductionOp } from "../../engines/engine.ts";
import { readNow } from "../../syncedmem/read-now.ts";
import { SyncedMem } from "../../syncedmem/synced-mem.ts";

/**
 * Σ loss_weight · top over layers and passes, added up where the tops lie: nothing waits for a device until
 * the sum is read.
 */
export class Loss {
  /** What was found on the host. */
  #known = 0;
  /** What is on a device, one element. */
  #rest: SyncedMem | undefined;
  #part: SyncedMem | undefined;
  readonly #sums: Map<number, ReductionOp> = new Map();

  clear(): void {
    this.#known = 0;
    this.#rest?.zero();
  }

  /** Whether it can be read without waiting for a device. */
  get isKnown(): boolean {
    return !this.#rest || this.#rest.isOnHost;
  }

  /** Takes in weight · Σ top; `engine` is the one whose device the top may lie on. */
  add(top: Blob, weight: number, engine: Engine | undefined): void {
    const { dataMem } = top;
    if (dataMem.isOnHost || !engine) {
      let sum = 0;
      for (const value of top.values()) sum += weight * value;
      this.#known += sum;
      return;
    }
    this.#rest ??= new SyncedMem(1);
    const beta = this.#rest.isZero ? 0 : 1;
    if (top.count() === 1) {
      engine.axpby(1, weight, dataMem, beta, this.#rest);
      return;
    }
    this.#part ??= new SyncedMem(1);
    this.#sumOf(top.count(), engine).forward(dataMem, this.#part);
    engine.axpby(1, weight, this.#part, beta, this.#rest);
  }

  /** The value of all that was taken in. */
  async read(): Promise<number> {
    if (!this.#rest || this.#rest.isZero) return this.#known;
    await this.#rest.toHost();
    return this.#known + (this.#rest.cpu()[0] ?? 0);
  }

  /** As `read`, of what was taken in so far, though it arrives later. */
  readNow(): Promise<number> {
    const known = this.#known;
    const rest = this.#rest ? readNow(this.#rest, ([sum = 0]) => sum) : 0;
    return Promise.resolve(rest).then((sum) => known + sum);
  }

  #sumOf(count: number, engine: Engine): ReductionOp {
    let op = this.#sums.get(count);
    if (!op) {
      op = engine.reduction({ operation: "SUM", outer: 1, inner: count, coeff: 1 });
      this.#sums.set(count, op);
    }
    return op;
  }
}
