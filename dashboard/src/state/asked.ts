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

/**
 * Asks for a path when it is shown first, and again `every` milliseconds (by the answer, undefined for never); what was answered
 * stays until there is something newer.
 */
export function useAsked<Answer>(
  path: string,
  every: (answer: Answer) => number | undefined = () => undefined,
): Asked<Answer> {
  const [known, setKnown] = useState<{ path: string; answer?: Answer; problem?: string }>({ path });
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    let isOver = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const askOnce = async (): Promise<void> => {
      let wait: number | undefined = 4000;
      try {
        const answer = await ask<Answer>(path);
        if (isOver) return;
        setKnown({ path, answer });
        wait = every(answer);
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
    // `every` is asked when an answer is there; another function is no reason to ask again.
  }, [path, turn]);
  const fresh = known.path === path ? known : undefined;
  return {
    answer: fresh?.answer,
    problem: fresh?.problem,
    again: () => setTurn((before) => before + 1),
  };
}
