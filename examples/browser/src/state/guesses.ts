import { signal } from "@preact/signals";
import type { Guesses } from "../messages.ts";
import { PIXELS } from "../picture-size.ts";
import { built, openedNet, pictures, problem } from "./signals.ts";
import { ask } from "./worker.ts";

/** The page's guesses take at most this share of the worker's time. */
const SHARE = 0.2;

/** The picture that is asked about: 28×28 bytes; undefined where there is none yet. */
export const picture = signal<Uint8Array | undefined>(undefined);
/** Which of the samples it is. */
export const chosen = signal<number | undefined>(undefined);
/** What the net says of it. */
export const guess = signal<Pick<Guesses, "values" | "areProbabilities"> | undefined>(undefined);
/** What it says of each sample: a label. */
export const sampleGuesses = signal<readonly number[]>([]);

let isAsking = false;
let isWanted = false;
/** Nets are being exchanged: nobody can be asked. */
let isHeld = false;
let notBefore = 0;

/** Asks about another picture. */
export function show(next: Uint8Array | undefined, sample?: number): void {
  picture.value = next;
  chosen.value = sample;
  if (!next) guess.value = undefined;
  notBefore = 0;
  guessAgain();
}

/** Asks nothing while nets are exchanged by `work`, and all anew after it. */
export async function exchangingNets<T>(work: () => Promise<T>): Promise<T> {
  isHeld = true;
  try {
    return await work();
  } finally {
    isHeld = false;
    guess.value = undefined;
    sampleGuesses.value = [];
    notBefore = 0;
    guessAgain();
  }
}

/** Asks about all pictures, as often as the net's work leaves time for it. */
export function guessAgain(): void {
  isWanted = true;
  const wait = notBefore - performance.now();
  if (isAsking || isHeld) return;
  if (wait > 0) setTimeout(askIfWanted, wait);
  else askIfWanted();
}

function askIfWanted(): void {
  const samples = pictures.value?.samples ?? new Uint8Array();
  const asked = picture.value;
  const isThere = built.value !== undefined || openedNet.value !== undefined;
  const length = samples.length + (asked?.length ?? 0);
  if (!isWanted || isAsking || isHeld || !isThere || length === 0) return;
  [isAsking, isWanted] = [true, false];
  const all = new Uint8Array(length);
  all.set(samples);
  if (asked) all.set(asked, samples.length);
  const begun = performance.now();
  ask("guess", all)
    .then(
      (guesses) => take(guesses, samples.length / PIXELS, asked),
      (error: Error) => {
        // A net that is exchanged under way answers no more.
        if (!isHeld) problem.value = error.message;
      },
    )
    .finally(() => {
      isAsking = false;
      const now = performance.now();
      if (picture.value === asked) notBefore = now + (now - begun) * (1 / SHARE - 1);
      if (isWanted) guessAgain();
    });
}

function take(
  { values, count, areProbabilities }: Guesses,
  samples: number,
  asked: Uint8Array | undefined,
): void {
  if (isHeld) return;
  sampleGuesses.value = Array.from({ length: samples }, (_, i) =>
    best(values.subarray(i * count, (i + 1) * count)),
  );
  if (asked && asked === picture.value) {
    guess.value = { values: values.slice(samples * count), areProbabilities };
  }
}

/** Where the greatest value stands. */
export function best(values: Float32Array): number {
  let at = 0;
  for (let i = 1; i < values.length; i++) if ((values[i] ?? 0) > (values[at] ?? 0)) at = i;
  return at;
}
