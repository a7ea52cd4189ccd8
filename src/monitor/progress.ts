import type { IterationEvent } from "../solvers/loop/callbacks.ts";
import type { Solver, SolverCallbacks } from "../solvers/solver.ts";
import { printable } from "../util/printable.ts";

/** Where a progress bar is drawn. */
interface Terminal {
  /** As wide as it is at this moment. */
  readonly columns: number;
  write(text: string): void;
}

/** The number by which the best is told, as the last test gave it, and the best so far. */
interface BarScore {
  readonly name: string;
  readonly last: number;
  /** Undefined where none has been a number. */
  readonly best: number | undefined;
}

/** What the bar tells. */
interface BarFacts extends Pick<IterationEvent, "iter" | "maxIter" | "smoothedLoss"> {
  readonly perSecond: number;
  /** Images in one iteration; 0 where unknown. */
  readonly batchSize: number;
  readonly score?: BarScore | undefined;
}

/** At most this often: drawing must not cost time. */
const EVERY_MS = 100;
/** A score's name is cut there. */
const LONGEST_NAME = 16;
/** What is drawn between these never wraps, whatever width its characters have. */
const [NO_WRAP, WRAP] = ["\x1b[?7l", "\x1b[?7h"];

/**
 * A line at the bottom of a terminal with loss, score, speed and the time that is left; attached to a solver as callbacks.
 */
export class ProgressBar implements SolverCallbacks {
  readonly readsLoss = false;
  readonly #terminal: Terminal;
  readonly #batchSize: number;
  #startedAt = 0;
  #startIter = 0;
  #drawnAt = 0;
  #line = "";
  #facts: BarFacts | undefined;
  /** The last test's value of the solver's score. */
  #score: number | undefined;

  /** @param batchSize images in one iteration, all sub-iterations counted; 0 where unknown */
  constructor(terminal: Terminal, batchSize: number) {
    this.#terminal = terminal;
    this.#batchSize = batchSize;
  }

  onIteration(event: IterationEvent, { watchedScore }: Pick<Solver, "watchedScore">): void {
    const now = performance.now();
    if (this.#startedAt === 0) {
      this.#startedAt = now;
      this.#startIter = event.iter;
      return;
    }
    if (now - this.#drawnAt < EVERY_MS && event.iter < event.maxIter) return;
    this.#drawnAt = now;
    const perSecond = (event.iter - this.#startIter) / ((now - this.#startedAt) / 1000);
    const { name, best } = watchedScore;
    const score = this.#score === undefined ? undefined : { name, last: this.#score, best };
    const { iter, maxIter, smoothedLoss } = event;
    const batchSize = this.#batchSize;
    this.#facts = { iter, maxIter, smoothedLoss, perSecond, batchSize, score };
    this.#draw(this.#facts);
  }

  onTest(
    net: number,
    scores: ReadonlyMap<string, number>,
    { watchedScore: { name, testNet } }: Pick<Solver, "watchedScore">,
  ): void {
    if (net === testNet) this.#score = scores.get(name);
  }

  onStop(): void {
    if (this.#line !== "") this.#terminal.write("\n");
    this.#line = "";
    this.#facts = undefined;
  }

  /** Writes a line above the bar. */
  above(line: string): void {
    this.#terminal.write(`\r\x1b[K${line}${this.#line}`);
  }

  /** The terminal has another width: what has wrapped into further rows goes, and the bar is drawn as wide as fits. */
  resized(): void {
    if (!this.#facts) return;
    const drawn = this.#line.length - NO_WRAP.length - WRAP.length;
    const rows = Math.ceil(drawn / Math.max(1, this.#terminal.columns));
    this.#terminal.write(`${rows > 1 ? `\x1b[${rows - 1}A` : ""}\r\x1b[J`);
    this.#draw(this.#facts);
  }

  #draw(facts: BarFacts): void {
    this.#line = `${NO_WRAP}${progressText(facts, this.#terminal.columns)}${WRAP}`;
    this.#terminal.write(`\r\x1b[K${this.#line}`);
  }
}

/** The bar's text, narrower than the terminal: where that has little room, what matters least is left out. */
export function progressText(
  { iter, maxIter, smoothedLoss, perSecond, batchSize, score }: BarFacts,
  columns: number,
): string {
  const room = Math.max(0, columns - 1);
  const share = maxIter > 0 ? iter / maxIter : 1;
  const left = perSecond > 0 ? (maxIter - iter) / perSecond : 0;
  const parts = [
    { text: `${iter}/${maxIter}`, rank: 0 },
    { text: `loss ${smoothedLoss.toPrecision(4)}`, rank: 1 },
    { text: score ? `${nameOf(score.name)} ${score.last.toPrecision(4)}` : "", rank: 2 },
    { text: score?.best === undefined ? "" : `best ${score.best.toPrecision(4)}`, rank: 4 },
    { text: `${perSecond.toFixed(1)} it/s`, rank: 5 },
    { text: batchSize > 0 ? `${Math.round(perSecond * batchSize)} images/s` : "", rank: 6 },
    { text: `ETA ${clock(left)}`, rank: 3 },
  ].filter(({ text }) => text !== "");
  const textOf = (most: number): string =>
    parts
      .filter(({ rank }) => rank <= most)
      .map(({ text }) => `  ${text}`)
      .join("");
  let most = 6;
  while (most > 0 && textOf(most).length > room) most--;
  const facts = textOf(most);
  const width = Math.max(0, Math.min(30, room - facts.length - 2));
  const done = Math.min(width, Math.round(share * width));
  const bar = width > 4 ? `[${"█".repeat(done)}${"·".repeat(width - done)}]` : "";
  return (bar + facts).slice(0, room);
}

function nameOf(score: string): string {
  const name = printable(score);
  return name.length > LONGEST_NAME ? `${name.slice(0, LONGEST_NAME - 1)}…` : name;
}

/** Seconds as `1:02:03` or `2:03`. */
export function clock(seconds: number): string {
  const total = Math.round(seconds);
  const parts = [Math.floor(total / 3600), Math.floor(total / 60) % 60, total % 60];
  const shown = parts[0] === 0 ? parts.slice(1) : parts;
  return shown.map((part, i) => (i === 0 ? String(part) : String(part).padStart(2, "0"))).join(":");
}
