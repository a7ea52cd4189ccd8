import { Blob } from "../../blob/blob.ts";
import type { Engine } from "../../engines/engine.ts";

/** What a layer in place has read, whose backward needs it: its top lies in the same memory. */
export class InPlaceInput {
  #copy: Blob | undefined;

  /** Whether there is a copy. */
  get isKept(): boolean {
    return this.#copy !== undefined;
  }

  /** In reshape of a layer that works in place: from then on there is a copy, unless backward never runs. */
  reshapeLike(x: Blob, { forInference }: { readonly forInference?: boolean }): void {
    if (forInference) return;
    this.#copy ??= new Blob([0], x.dtype);
    this.#copy.reshapeLike(x);
  }

  /** Before forward writes: copies x, where there is a copy. */
  keep(x: Blob, engine: Engine): void {
    if (this.#copy) engine.copy(x.count(), x.dataMem, this.#copy.dataMem);
  }

  /** What forward has read: the copy, or else the bottom itself. */
  of(x: Blob): Blob {
    return this.#copy ?? x;
  }
}
