import type { Answer, Question } from "../models/messages.ts";
import { cutRows, joinedByName } from "../models/tensors.ts";

/**
 * How many of the waiting questions, the oldest first, run together: as many as their rows fit into `most`, and of those as
 * many as fill a pass, which has a power of two of rows. One whose rows cannot be joined (0) runs alone.
 *
 * @param canPad rows of nothing cost less than another pass: all run that fit
 */
export function batchLength(rows: readonly number[], most: number, canPad = false): number {
  const [first = 0] = rows;
  if (first === 0) return Math.min(1, rows.length);
  let [sum, length, full] = [0, 0, 0];
  for (const count of rows) {
    if (count === 0 || sum + count > most) break;
    sum += count;
    length++;
    if (canPad || Number.isInteger(Math.log2(sum))) full = length;
  }
  return full || Math.max(1, length);
}

/** How many of the waiting questions, the oldest first, are of one kind: tensors, or pictures. */
export function sameKind(questions: readonly Question[]): number {
  const isOther = ({ pictures }: Question): boolean =>
    (pictures === undefined) !== (questions[0]?.pictures === undefined);
  const end = questions.findIndex(isOther);
  return end < 0 ? questions.length : end;
}

/** Questions as one, whose rows are those of all behind one another. */
export function joinedQuestion(questions: readonly Question[]): Question {
  const [first] = questions;
  if (first !== undefined && questions.length === 1) return first;
  return {
    inputs: joinedByName(questions.map(({ inputs }) => inputs)),
    rows: questions.reduce((sum, { rows }) => sum + rows, 0),
    ...(first?.pictures && { pictures: questions.flatMap(({ pictures = [] }) => pictures) }),
  };
}

/** The answer to each of the questions that ran as one; of pictures each has one. */
export function cutApart(questions: readonly Question[], answer: Answer): Answer[] {
  if (questions.length === 1) return [answer];
  if (answer.shown) return answer.shown.map((one) => ({ outputs: {}, shown: [one] }));
  let at = 0;
  return questions.map(({ rows }) => {
    const from = at;
    at += rows;
    return { outputs: cutRows(answer.outputs, from, rows) };
  });
}
