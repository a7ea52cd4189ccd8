import { plainSharing } from "../../syncedmem/plain-joining.ts";
import type { Joining, PrivateStore, Sharing, SyncedMem } from "../../syncedmem/synced-mem.ts";
import type { FloatArray } from "../../util/arrays.ts";
import type { Buffer, StoreMemory } from "./addon.ts";
import type { Layouts } from "./layouts.ts";

/** What a product aᵀ · b is made of: a is batch×rows and b batch×columns, so that it is rows×columns. */
interface ProductShape {
  readonly batch: number;
  readonly rows: number;
  readonly columns: number;
  /** What the factors are multiplied as. */
  readonly type: "f32" | "bf16";
}

/** Smaller products are not worth it: they stay in cache as they are. */
const LEAST_FLOATS = 1 << 20;
/** How much of a product is made at a time: it is used up before it leaves the cache. Small panels cost sgemm more than they save. */
const PANEL_FLOATS = { f32: 1 << 20, bf16: 1 << 17 };

/**
 * A gradient of an inner product's weights kept as its two factors: few samples make it of low rank, and the factors
 * are a hundredth of its size. As an array it is their product.
 */
export class FactoredGradient implements PrivateStore {
  readonly layout: string;
  readonly #layouts: Layouts;
  readonly #shape: ProductShape;
  readonly #a: Float32Array;
  readonly #b: Float32Array;

  private constructor(layouts: Layouts, shape: ProductShape) {
    this.layout = layoutOf(shape);
    this.#layouts = layouts;
    this.#shape = shape;
    this.#a = new Float32Array(shape.batch * shape.rows);
    this.#b = new Float32Array(shape.batch * shape.columns);
  }

  /** Whether such a product is smaller as factors, by enough to matter. */
  static pays({ batch, rows, columns }: Omit<ProductShape, "type">): boolean {
    const count = rows * columns;
    return count >= LEAST_FLOATS && 4 * batch * (rows + columns) <= count;
  }

  /** Makes the array the product of copies of `a` and `b`. */
  static write(layouts: Layouts, mem: SyncedMem, shape: ProductShape, a: Buffer, b: Buffer): void {
    const kept = mem.privateStore(layoutOf(shape));
    const store = kept instanceof FactoredGradient ? kept : new FactoredGradient(layouts, shape);
    if (store !== kept) mem.adoptPrivate(store);
    layouts.addon.copy(store.#a.length, a, store.#a);
    layouts.addon.copy(store.#b.length, b, store.#b);
    mem.markPrivateWritten(store);
  }

  /** The array's factors, if that is how it lies now. */
  static of(mem: SyncedMem): FactoredGradient | undefined {
    const store = mem.freshPrivate();
    return store instanceof FactoredGradient ? store : undefined;
  }

  /** Calls `use` for one run of whole rows after the other: where it begins and ends in the array, and its elements. */
  forEachPanel(use: (begin: number, end: number, panel: StoreMemory) => void): void {
    const { rows, columns, type } = this.#shape;
    const most = Math.min(rows, Math.max(1, Math.floor(PANEL_FLOATS[type] / columns)));
    this.#withProduct((multiply) => {
      this.#layouts.lend(most * columns, (panel) => {
        for (let row = 0; row < rows; row += most) {
          const end = Math.min(rows, row + most);
          multiply(row, end, panel);
          use(row * columns, end * columns, panel);
        }
      });
    });
  }

  /** Factors are small: everyone's travel, and together they are the factors of the sum. */
  joining(processes: number): Joining | undefined {
    const { batch, rows, columns, type } = this.#shape;
    const joined = { batch: processes * batch, rows, columns, type };
    if (!FactoredGradient.pays(joined)) return undefined;
    const [layouts, left, floats] = [this.#layouts, batch * rows, batch * (rows + columns)];
    return {
      kind: "side by side",
      floats,
      write(mem, to) {
        to.fill(0);
        if (mem.isZero) return true;
        const own = FactoredGradient.of(mem);
        if (!own || own.#shape.rows !== rows || own.#shape.batch > batch) return false;
        // Samples that are not there are zeros, which add nothing.
        to.set(own.#a);
        to.set(own.#b, left);
        return true;
      },
      read(mem, parts) {
        const a = new Float32Array(processes * left);
        const b = new Float32Array(processes * (floats - left));
        for (const [i, part] of parts.entries()) {
          a.set(part.subarray(0, left), i * left);
          b.set(part.subarray(left), i * (floats - left));
        }
        FactoredGradient.write(layouts, mem, joined, a, b);
      },
      sharing: FactoredGradient.#sharing(layouts, joined),
    };
  }

  /** A share of the product is one of its rows, which are columns of `a`. */
  static #sharing(layouts: Layouts, { batch, rows, columns, type }: ProductShape): Sharing {
    return {
      ...plainSharing(rows * columns),
      unit: columns,
      // The factors are few, and lie elsewhere.
      moveGradient: () => {},
      sum(parts, begin, end, to) {
        const samples = batch / parts.length;
        const [first, height] = [begin / columns, (end - begin) / columns];
        const a = new Float32Array(batch * height);
        const b = new Float32Array(batch * columns);
        for (const [i, part] of parts.entries()) {
          for (let k = 0; k < samples; k++) {
            const row = part.subarray(k * rows + first, k * rows + first + height);
            a.set(row, (i * samples + k) * height);
          }
          b.set(part.subarray(samples * rows), i * samples * columns);
        }
        FactoredGradient.write(layouts, to, { batch, rows: height, columns, type }, a, b);
      },
    };
  }

  toPlain(plain: FloatArray): void {
    this.#withProduct((multiply) => multiply(0, this.#shape.rows, plain as Float32Array));
  }

  /** The factors are small, and will be written again in the next step: they keep their memory. */
  release(): void {}

  /** Calls `use` with what writes rows begin to end of the product. */
  #withProduct(use: (multiply: (begin: number, end: number, to: Buffer) => void) => void): void {
    const { batch, rows, columns, type } = this.#shape;
    const { addon } = this.#layouts;
    const [a, b] = [this.#a, this.#b];
    if (type === "bf16") {
      this.#layouts.lend(Math.ceil(batch / 2) * columns, (pairs) => {
        addon.pairRows(batch, columns, b, pairs);
        use((begin, end, to) => {
          addon.productOfPairs(batch, rows, begin, end, columns, a, pairs, false, to);
        });
      });
      return;
    }
    use((begin, end, to) => {
      const height = end - begin;
      const left = a.subarray(begin);
      addon.gemm(true, false, height, columns, batch, 1, left, rows, b, columns, 0, to);
    });
  }
}

function layoutOf({ batch, rows, columns, type }: ProductShape): string {
  return `factors ${batch}x${rows}x${columns} ${type}`;
}
