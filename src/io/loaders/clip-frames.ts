import { FormatError } from "../../util/errors.ts";
import type { Random } from "../../util/random.ts";

/** Frames that follow each other: C3D's clips. */
interface Run {
  readonly kind: "run";
  readonly length: number;
  /** Every so many frames one is taken. */
  readonly rate: number;
  /** The rate is drawn, from 1 to this, instead; undefined where it is not. */
  readonly mostRate: number | undefined;
  /** A line's number is how many frames there are, and where the clip begins is drawn in TRAIN; else its number is the first. */
  readonly isDrawn: boolean;
}

/** Frames of each of several parts: what temporal segment networks see. */
interface Segments {
  readonly kind: "segments";
  /** Frames of a part that follow each other. */
  readonly length: number;
  readonly segments: number;
}

/** Which frames of a folder a clip has. */
export type FrameChoice = Run | Segments;

/** How many frames a clip has. */
export function frameCount(choice: FrameChoice): number {
  return choice.kind === "run" ? choice.length : choice.length * choice.segments;
}

/** Whether some of it is drawn. */
export function isChoiceDrawn(choice: FrameChoice, phase: "TRAIN" | "TEST"): boolean {
  if (choice.kind === "run" && choice.mostRate !== undefined) return true;
  return phase === "TRAIN" && (choice.kind === "segments" || choice.isDrawn);
}

/**
 * The numbers of a clip's frames.
 *
 *     run       first + k·rate; where it is drawn, first = 1 + r, r from 0 to frames − length·rate, 0 in TEST
 *     segments  part i, of s = ⌊frames / segments⌋ frames: i·s + r + k, r from 0 to s − length, ⌊(s − length + 1) / 2⌋ in TEST;
 *               k from 1 on where s < length
 *
 * @param number of the list's line
 * @param random needed where `isChoiceDrawn`
 * @throws FormatError where there are fewer frames than a clip takes
 * @see C3D's and yjxiong/caffe's VideoDataLayer
 */
export function clipFrames(
  choice: FrameChoice,
  number: number,
  phase: "TRAIN" | "TEST",
  random: Random | undefined,
): readonly number[] {
  const { length } = choice;
  const draw = (count: number): number => random?.below(count) ?? 0;
  if (choice.kind === "segments") {
    checkEnough(number, length, `${length}`);
    const part = Math.floor(number / choice.segments);
    const room = part - length + 1;
    return Array.from({ length: choice.segments }, (_, i) => {
      const start = phase === "TRAIN" ? draw(Math.max(room, 1)) : Math.floor(room / 2);
      const before = room > 0 ? i * part + start : 0;
      return Array.from({ length }, (_, k) => before + k + 1);
    }).flat();
  }
  const rate = choice.mostRate === undefined ? choice.rate : draw(choice.mostRate) + 1;
  let first = number;
  if (choice.isDrawn) {
    const reach = length * rate;
    checkEnough(number, reach, rate === 1 ? `${length}` : `${length} of every ${rate}th`);
    first = 1 + (phase === "TRAIN" ? draw(number - reach + 1) : 0);
  }
  return Array.from({ length }, (_, k) => first + k * rate);
}

function checkEnough(frames: number, needed: number, what: string): void {
  if (frames >= needed) return;
  throw new FormatError(
    `it has ${frames} frames, and a clip takes ${what}. Expected ${needed} or more: leave the line out, or give a smaller new_length.`,
  );
}
