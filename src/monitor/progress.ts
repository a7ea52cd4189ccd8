import type { IterationEvent } from "../solvers/loop/callbacks.ts";
import type { SolverCallbacks } from "../solvers/solver.ts";

/** Where a progress bar is drawn. */
interface Terminal {
  readonly columns: number;
  write(text: string): void;
}

/** At most this often: drawing must not cost time. */
const EVERY_MS = 100;

/**
 * A line at the bottom of a terminal with loss, speed and the time that is left; attached to a solver as callbacks.
 */
export class ProgressBar implements SolverCallbacks {
  readonly readsLoss = false;
  readonly #terminal: Terminal;
  readonly #batchSize: number;
  #startedAt = 0;
  #startIter = 0;
  #drawnAt = 0;
  #line = "";

  /** @param batchSize images in one iteration, all sub-iterations counted; 0 where unknown */
  constructor(terminal: Terminal, batchSize: number) {
    this.#terminal = terminal;
    this.#batchSize = batchSize;
  }

  onIteration(event: IterationEvent): void {
    const now = performance.now();
    if (this.#startedAt === 0) {
      this.#startedAt = now;
      this.#startIter = event.iter;
      return;
    }
    if (now - this.#drawnAt < EVERY_MS && event.iter < event.maxIter) return;
    this.#drawnAt = now;
    const perSecond = (event.iter - this.#startIter) / ((now - this.#startedAt) / 1000);
    this.#draw(progressText(event, perSecond, this.#batchSize, this.#terminal.columns));
  }

  onStop(): void {
    if (this.#line !== "") this.#terminal.write("\n");
    this.#line = "";
  }

  /** Writes a line above the bar. */
  above(line: string): void {
    this.#terminal.write(`\r\x1b[K${line}${this.#line}`);
  }

  #draw(line: string): void {
    this.#line = line;
    this.#terminal.write(`\r\x1b[K${line}`);
  }
}

/** The bar's text, no wider than the terminal. */
export function progressText(
  { iter, maxIter, smoothedLoss }: Pick<IterationEvent, "iter" | "maxIter" | "smoothedLoss">,
  perSecond: number,
  batchSize: number,
  columns: number,
): string {
  const share = maxIter > 0 ? iter / maxIter : 1;
  const left = perSecond > 0 ? (maxIter - iter) / perSecond : 0;
  const images = batchSize > 0 ? `  ${Math.round(perSecond * batchSize)} images/s` : "";
  const facts = `  ${iter}/${maxIter}  loss ${smoothedLoss.toPrecision(4)}  ${perSecond.toFixed(1)} it/s${images}  ETA ${clock(left)}`;
  const width = Math.max(0, Math.min(30, columns - facts.length - 3));
  const done = Math.round(share * width);
  const bar = width > 4 ? `[${"█".repeat(done)}${"·".repeat(width - done)}]` : "";
  return (bar + facts).slice(0, Math.max(columns - 1, 10));
}

/** Seconds as `1:02:03` or `2:03`. */
export function clock(seconds: number): string {
  const total = Math.round(seconds);
  const parts = [Math.floor(total / 3600), Math.floor(total / 60) % 60, total % 60];
  const shown = parts[0] === 0 ? parts.slice(1) : parts;
  return shown.map((part, i) => (i === 0 ? String(part) : String(part).padStart(2, "0"))).join(":");
}
