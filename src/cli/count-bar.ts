import { clock } from "../monitor/progress.ts";
import type { Console } from "./session.ts";

/** At most this often: drawing must not cost time. */
const EVERY_MS = 100;

/**
 * A line at the bottom of a terminal that tells how far a tool is, how fast, and how long it will take. Log lines are
 * written above it. Where standard error is no terminal it draws nothing.
 */
export class CountBar {
  readonly #what: string;
  readonly #isShown: boolean = process.stderr.isTTY === true;
  readonly #begunAt: number = performance.now();
  #begunWith: number | undefined;
  #drawnAt = 0;
  #line = "";

  /** @param what the things that are counted: `images` */
  constructor(console: Console, what: string) {
    this.#what = what;
    if (!this.#isShown) return;
    console.above = (line) => {
      process.stderr.write(`\r\x1b[K${line}${this.#line}`);
    };
  }

  /** @param total of how many, where that is known */
  readonly update = (done: number, total?: number): void => {
    if (!this.#isShown) return;
    this.#begunWith ??= done - 1;
    const now = performance.now();
    if (now - this.#drawnAt < EVERY_MS && done !== total) return;
    this.#drawnAt = now;
    const perSecond = (done - this.#begunWith) / Math.max((now - this.#begunAt) / 1000, 1e-3);
    this.#line = countText(done, total, perSecond, this.#what, process.stderr.columns || 80);
    process.stderr.write(`\r\x1b[K${this.#line}`);
  };

  /** Removes the line. */
  end(): void {
    if (this.#line !== "") process.stderr.write("\r\x1b[K");
    this.#line = "";
  }
}

/** The bar's text, no wider than the terminal. */
export function countText(
  done: number,
  total: number | undefined,
  perSecond: number,
  what: string,
  columns: number,
): string {
  const rate = `${Math.round(perSecond)} ${what}/s`;
  if (total === undefined) return `${done} ${what}  ${rate}`.slice(0, columns - 1);
  const left = perSecond > 0 ? (total - done) / perSecond : 0;
  const facts = `  ${done}/${total} ${what}  ${rate}  ETA ${clock(left)}`;
  const width = Math.max(0, Math.min(30, columns - facts.length - 3));
  const filled = Math.round((done / Math.max(total, 1)) * width);
  const bar = width > 4 ? `[${"█".repeat(filled)}${"·".repeat(width - filled)}]` : "";
  return (bar + facts).slice(0, columns - 1);
}
