import type { Asked, News, Said } from "../messages.ts";
import { problem, stage } from "./signals.ts";

type Answer<Name extends keyof Asked> = Awaited<ReturnType<Asked[Name]>>;

interface Waiting {
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: Error) => void;
}

const waiting = new Map<number, Waiting>();
const listeners: ((news: News) => void)[] = [];
let lastId = 0;

/** The thread that computes: training would hold up the page. */
const worker = new Worker(new URL("worker.js", document.baseURI), { type: "module" });

worker.addEventListener("message", ({ data }: MessageEvent<Said>) => {
  if ("news" in data) for (const listener of listeners) listener(data.news);
  else settle(data);
});
worker.addEventListener("error", ({ message }) => {
  problem.value = `The thread that computes has ended: ${message || "it could not be loaded"}.`;
  stage.value = "failed";
});

/**
 * Asks the thread that computes.
 * @throws Error with one line, where the question fails
 */
export function ask<Name extends keyof Asked>(
  name: Name,
  ...args: Parameters<Asked[Name]>
): Promise<Answer<Name>> {
  lastId++;
  const id = lastId;
  return new Promise((resolve, reject) => {
    waiting.set(id, { resolve: (answer) => resolve(answer as Answer<Name>), reject });
    worker.postMessage({ id, name, args });
  });
}

/** Calls a listener with what a training tells. */
export function onNews(listener: (news: News) => void): void {
  listeners.push(listener);
}

function settle(said: Exclude<Said, { readonly news: News }>): void {
  const one = waiting.get(said.id);
  waiting.delete(said.id);
  if ("error" in said) one?.reject(new Error(said.error));
  else one?.resolve(said.answer);
}
