import { readFileSync } from "node:fs";
import { join } from "node:path";

/** One case: its folder, its case.json, and the arrays of data.bin. */
export function openCase(folder) {
  const info = JSON.parse(readFileSync(join(folder, "case.json"), "utf8"));
  let bytes;
  const arrayOf = ({ offset, count }) => {
    bytes ??= readFileSync(join(folder, "data.bin"));
    return new Float32Array(
      bytes.buffer.slice(bytes.byteOffset + offset, bytes.byteOffset + offset + 4 * count),
    );
  };
  return { folder, info, arrayOf };
}

/** Collects what does not fit in one case, the worst element of each array. */
export class Comparison {
  failures = [];

  constructor({ rtol, atol }) {
    this.rtol = rtol ?? 0;
    this.atol = atol ?? 0;
  }

  fail(message) {
    this.failures.push(message);
  }

  equal(what, got, want) {
    if (JSON.stringify(got) !== JSON.stringify(want)) {
      this.fail(`${what}: got ${JSON.stringify(got)}, want ${JSON.stringify(want)}`);
    }
  }

  close(what, got, want) {
    if (got.length !== want.length) {
      this.fail(`${what}: got ${got.length} values, want ${want.length}`);
      return;
    }
    let worst = -1;
    let worstExcess = 0;
    for (let i = 0; i < want.length; i++) {
      const excess = Math.abs(got[i] - want[i]) - (this.atol + this.rtol * Math.abs(want[i]));
      const same = Object.is(got[i], want[i]) || got[i] === want[i];
      if (!same && !(excess <= 0) && !(excess <= worstExcess && worst >= 0)) {
        worst = i;
        worstExcess = Number.isNaN(excess) ? Number.POSITIVE_INFINITY : excess;
      }
    }
    if (worst >= 0) this.fail(`${what}[${worst}]: got ${got[worst]}, want ${want[worst]}`);
  }

  shape(what, got, want) {
    this.equal(`${what} shape`, [...got], [...want]);
  }
}
