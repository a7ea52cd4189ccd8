import { computed, effect, type Signal, signal } from "@preact/signals";
import type { RunEntry, RunEvents, RunFacts, RunList } from "../../../src/dashboard/api.ts";
import { ask, connection, runPath } from "./api.ts";
import { addEvents, emptyHistory, type History } from "./history.ts";
import { namedRun } from "./route.ts";

/** Milliseconds between two looks at the list and the facts. */
const LOOK = 2500;
/** Milliseconds before a stream that broke is opened again. */
const AGAIN = 1500;

/** Newest first; undefined until the server has said. */
export const runs = signal<readonly RunEntry[] | undefined>(undefined);
const firstRun = signal<string | undefined>(undefined);

/** The run that is shown. */
export const current = computed(() => namedRun.value || firstRun.value || "");
/** Of the run that is shown; undefined until the server has said. */
export const facts = signal<RunFacts | undefined>(undefined);
/** Runs whose curves are laid beside those of the run that is shown. */
export const compared = signal<readonly string[]>([]);

/** What is known of a run: another object whenever it has grown. */
interface Told {
  readonly history: History;
}
const told = new Map<string, Signal<Told>>();

/** The events of a run so far; who reads it hears of further ones. */
export function historyOf(id: string): History {
  return toldOf(id).value.history;
}

function toldOf(id: string): Signal<Told> {
  const known = told.get(id);
  if (known) return known;
  const made = signal<Told>({ history: emptyHistory() });
  told.set(id, made);
  return made;
}

function take(id: string, { events, next }: RunEvents): void {
  const known = toldOf(id);
  const { history } = known.peek();
  // A stream that was opened twice tells some of them again.
  const news = events.slice(Math.max(0, events.length - (next - history.length)));
  if (news.length === 0) return;
  addEvents(history, news);
  known.value = { history };
}

/** Looks at the list and at the run that is shown, now. */
export async function look(): Promise<void> {
  try {
    const list = await ask<RunList>("/api/runs");
    firstRun.value = list.first;
    runs.value = list.runs;
    const id = current.value;
    if (!id) return;
    const found = await ask<RunFacts>(runPath(id)).catch(() => undefined);
    if (id === current.value) facts.value = found;
  } catch {
    // `connection` tells of it, and the next look mends it.
  }
}

/** Follows the run that is shown, and those that it is compared with, as long as the page is open. */
export function followRuns(): void {
  const again = async (): Promise<void> => {
    await look();
    setTimeout(() => void again(), document.hidden ? 4 * LOOK : LOOK);
  };
  void again();
  effect(() => {
    const id = current.value;
    facts.value = facts.peek()?.id === id ? facts.peek() : undefined;
    compared.value = compared.peek().filter((other) => other !== id);
    return id ? follow(id) : undefined;
  });
  effect(() => {
    const ends = compared.value.map(readAgain);
    return () => {
      for (const end of ends) end();
    };
  });
}

/** Takes a run's events as they come, while the page is seen: a browser has few connections for all its pages. Gives what ends it. */
function follow(id: string): () => void {
  let source: EventSource | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const close = (): void => {
    clearTimeout(timer);
    source?.close();
    source = undefined;
  };
  const open = (): void => {
    close();
    if (document.hidden) return;
    const since = toldOf(id).peek().history.length;
    source = new EventSource(`${runPath(id, "stream")}?since=${since}`);
    source.addEventListener("open", () => {
      connection.value = "good";
    });
    source.addEventListener("events", ({ data }: MessageEvent<string>) => {
      take(id, JSON.parse(data) as RunEvents);
    });
    source.addEventListener("error", () => {
      close();
      timer = setTimeout(open, AGAIN);
    });
  };
  open();
  document.addEventListener("visibilitychange", open);
  return () => {
    document.removeEventListener("visibilitychange", open);
    close();
  };
}

/** Reads a run's events, and further ones now and then; gives what ends it. */
function readAgain(id: string): () => void {
  let isOver = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const read = async (): Promise<void> => {
    const since = toldOf(id).peek().history.length;
    const part = await ask<RunEvents>(`${runPath(id, "events")}?since=${since}`).catch(
      () => undefined,
    );
    if (isOver) return;
    if (part) take(id, part);
    timer = setTimeout(() => void read(), part?.isMore ? 0 : 2 * LOOK);
  };
  void read();
  return () => {
    isOver = true;
    clearTimeout(timer);
  };
}
