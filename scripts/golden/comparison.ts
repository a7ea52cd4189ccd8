/** Collects what does not fit in one case, the worst element of each array. */
export class Comparison {
  readonly failures: string[] = [];
  /** Why numbers that were recorded cannot be compared, where they cannot. */
  notCompared: string | undefined;
  readonly #rtol: number;
  readonly #atol: number;

  constructor({ rtol = 0, atol = 0 }: { readonly rtol?: number; readonly atol?: number }) {
    this.#rtol = rtol;
    this.#atol = atol;
  }

  fail(message: string): void {
    this.failures.push(message);
  }

  equal(what: string, got: unknown, want: unknown): void {
    if (JSON.stringify(got) !== JSON.stringify(want)) {
      this.fail(`${what}: got ${JSON.stringify(got)}, want ${JSON.stringify(want)}`);
    }
  }

  close(what: string, got: ArrayLike<number>, want: ArrayLike<number>): void {
    if (got.length !== want.length) {
      this.fail(`${what}: got ${got.length} values, want ${want.length}`);
      return;
    }
    let worst = -1;
    let worstExcess = 0;
    for (let i = 0; i < want.length; i++) {
      const [is, wanted] = [got[i]!, want[i]!];
      const excess = Math.abs(is - wanted) - (this.#atol + this.#rtol * Math.abs(wanted));
      const same = Object.is(is, wanted) || is === wanted;
      if (!same && !(excess <= 0) && !(excess <= worstExcess && worst >= 0)) {
        worst = i;
        worstExcess = Number.isNaN(excess) ? Number.POSITIVE_INFINITY : excess;
      }
    }
    if (worst >= 0) this.fail(`${what}[${worst}]: got ${got[worst]}, want ${want[worst]}`);
  }

  shape(what: string, got: readonly number[], want: readonly number[]): void {
    this.equal(`${what} shape`, got, want);
  }
}
