import { useEffect, useState } from "preact/hooks";
import type { LogPart } from "../../../src/dashboard/api.ts";
import { ask, runPath } from "./api.ts";

/** Lines of the log that a page holds; of more, the oldest go. */
const MOST = 5000;
const EVERY = 1500;

/** A log as far as it is read. */
export interface FollowedLog {
  /** The number of the first line that is held, for keys. */
  readonly first: number;
  readonly lines: readonly string[];
  /** Whether there is more before what is held. */
  readonly hasMore: boolean;
  /** Why it cannot be read. */
  readonly problem: string | undefined;
}

/** Reads the end of a run's log, and what is written to it. `fromStart` reads it from its beginning. */
export function useLog(id: string, fromStart: boolean): FollowedLog | undefined {
  const [log, setLog] = useState<FollowedLog | undefined>(undefined);
  useEffect(() => {
    let isOver = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let next: number | undefined = fromStart ? 0 : undefined;
    let known: FollowedLog = { first: 0, lines: [], hasMore: false, problem: undefined };
    let rest = "";
    const read = async (): Promise<void> => {
      const query = next === undefined ? "" : `?since=${next}`;
      const part = await ask<LogPart>(`${runPath(id, "log")}${query}`).catch(
        (error: unknown) => error,
      );
      if (isOver) return;
      if (part instanceof Error) {
        known = { ...known, problem: part.message };
        setLog(known);
      } else {
        const { text, from, next: end } = part as LogPart;
        const pieces = (rest + text).split("\n");
        rest = pieces.pop() ?? "";
        const lines = [...known.lines, ...pieces];
        const gone = Math.max(0, lines.length - MOST);
        const hasMore = known.hasMore || gone > 0 || (next === undefined && from > 0);
        const isNews = next === undefined || pieces.length > 0 || known.problem !== undefined;
        next = end;
        known = {
          first: known.first + gone,
          lines: lines.slice(gone),
          hasMore,
          problem: undefined,
        };
        if (isNews) setLog(known);
        // A part may end before the log does.
        if (text.length > 0) {
          timer = setTimeout(() => void read(), 200);
          return;
        }
      }
      timer = setTimeout(() => void read(), EVERY);
    };
    void read();
    return () => {
      isOver = true;
      clearTimeout(timer);
    };
  }, [id, fromStart]);
  return log;
}
