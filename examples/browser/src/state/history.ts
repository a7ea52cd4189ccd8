import { signal } from "@preact/signals";
import type { News } from "../messages.ts";

/** Points of a curve. */
interface Points {
  readonly x: number[];
  readonly y: number[];
}

const empty = (): Points => ({ x: [], y: [] });

/** Losses of training, by iteration. */
let losses = empty();
/** What tests gave, by the names of the net's outputs. */
let scores = new Map<string, Points>();
/** Grows whenever a curve does: curves grow in place. */
export const version = signal(0);
/** What was told last. */
export const latest = signal<Extract<News, { kind: "progress" }> | undefined>(undefined);
/** The batch of a test that is under way. */
export const testing = signal<Extract<News, { kind: "testing" }> | undefined>(undefined);

/** Forgets what was. */
export function clearHistory(): void {
  losses = empty();
  scores = new Map();
  latest.value = testing.value = undefined;
  version.value++;
}

/** Takes what a training tells. */
export function takeNews(news: News): void {
  testing.value = news.kind === "testing" ? news : undefined;
  if (news.kind === "testing") return;
  if (news.kind === "progress") {
    losses.x.push(...news.iters);
    losses.y.push(...news.losses);
    // Filters come now and then: those of before stay.
    latest.value = { ...news, filters: news.filters ?? latest.value?.filters };
  } else {
    for (const [name, value] of Object.entries(news.scores)) {
      const points = scores.get(name) ?? empty();
      points.x.push(news.iter);
      points.y.push(value);
      scores.set(name, points);
    }
  }
  version.value++;
}

/** A curve as it is now, in arrays that do not grow under a chart's hands. */
export function lossPoints(): Points {
  return { x: losses.x.slice(), y: losses.y.slice() };
}

/** The same of the tests' output whose name fits. */
export function scorePoints(pattern: RegExp): Points {
  const found = [...scores].find(([name]) => pattern.test(name))?.[1] ?? empty();
  return { x: found.x.slice(), y: found.y.slice() };
}

/** The newest loss that is known. */
export function lastLoss(): number | undefined {
  return losses.y.at(-1);
}

/** The newest value that a test gave. */
export function lastScore(pattern: RegExp): number | undefined {
  return [...scores].find(([name]) => pattern.test(name))?.[1].y.at(-1);
}
