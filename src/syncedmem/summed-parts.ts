import { addUp, type FloatArray } from "../util/arrays.ts";
import type { PrivateStore, SyncedMem } from "./synced-mem.ts";

/** An array that is the sum of others, which are added up when it is read. */
export class SummedParts implements PrivateStore {
  readonly layout = "summed parts";
  readonly parts: readonly Float32Array[];

  private constructor(parts: readonly Float32Array[]) {
    this.parts = parts;
  }

  /** Makes the array the sum of parts, of its length, that stay as they are until it is read. */
  static write(mem: SyncedMem, parts: readonly Float32Array[]): void {
    const store = new SummedParts(parts);
    mem.adoptPrivate(store);
    mem.markPrivateWritten(store);
  }

  toPlain(plain: FloatArray): void {
    addUp(this.parts, plain);
  }

  /** The parts are others'. */
  release(): void {}
}
