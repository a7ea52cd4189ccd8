import { useEffect, useState } from "preact/hooks";
import { ApiError, ask } from "./api.ts";

/** What a part of the page knows of what it asked for. */
export interface Asked<Answer> {
  readonly answer: Answer | undefined;
  /** Why there is none, in a sentence. */
  readonly problem: string | undefined;
  /** Asks once more, now. */
  readonly again: () => void;
}

/** How a part of the page goes on asking. */
export interface GoingOn<Answer> {
  /** Milliseconds after which it asks again, by the answer; undefined for never. */
  readonly every?: (answer: Answer) => number | undefined;
  /** What stands behind the path when something is known already: `?since=12`. */
  readonly query?: (known: Answer) => string;
  /** What is known with the news; the same object where there are none. */
  readonly join?: (known: Answer, news: Answer) => Answer;
}

/** Asks for a path when it is shown first, and goes on; what was answered stays until there is something newer. */
export function useAsked<Answer>(path: string, going: GoingOn<Answer> = {}): Asked<Answer> {
  const [known, setKnown] = useState<{ path: string; answer?: Answer; problem?: string }>({ path });
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    let isOver = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let last: Answer | undefined;
    const { every, query, join } = going;
    const askOnce = async (): Promise<void> => {
      let wait: number | undefined = 4000;
      try {
        const news = await ask<Answer>(last === undefined ? path : path + (query?.(last) ?? ""));
        if (isOver) return;
        const answer = last !== undefined && join ? join(last, news) : news;
        last = answer;
        setKnown((before) =>
          before.answer === answer && before.path === path && before.problem === undefined
            ? before
            : { path, answer },
        );
        wait = every?.(answer);
      } catch (error) {
        if (isOver) return;
        const problem = error instanceof ApiError ? error.message : String(error);
        setKnown((before) => ({ ...(before.path === path ? before : { path }), problem }));
      }
      if (wait !== undefined) timer = setTimeout(() => void askOnce(), wait);
    };
    void askOnce();
    return () => {
      isOver = true;
      clearTimeout(timer);
    };
    // `going` is asked when an answer is there; another object is no reason to ask again.
  }, [path, turn]);
  const fresh = known.path === path ? known : undefined;
  return {
    answer: fresh?.answer,
    problem: fresh?.problem,
    again: () => setTurn((before) => before + 1),
  };
}
