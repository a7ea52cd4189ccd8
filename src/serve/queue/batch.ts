import { recordOf } from "../../util/records.ts";
import type { Answer, Question } from "../models/messages.ts";
import { joined, rowsOf, type Tensor } from "../models/tensors.ts";

/**
 * How many of the waiting questions, the oldest first, run together: as many as their rows fit into `most`, and of those as
 * many as fill a pass, which has a power of two of rows. One whose rows cannot be joined (0) runs alone.
 */
export function batchLength(rows: readonly number[], most: number): number {
  const [first = 0] = rows;
  if (first === 0) return Math.min(1, rows.length);
  let [sum, length, full] = [0, 0, 0];
  for (const count of rows) {
    if (count === 0 || sum + count > most) break;
    sum += count;
    length++;
    if (Number.isInteger(Math.log2(sum))) full = length;
  }
  return full || Math.max(1, length);
}

/** Questions as one, whose rows are those of all behind one another. */
export function joinedQuestion(questions: readonly Question[]): Question {
  const [first] = questions;
  if (first !== undefined && questions.length === 1) return first;
  const names = Object.keys(first?.inputs ?? {});
  return {
    inputs: recordOf(
      names.map((name) => [name, joined(questions.map(({ inputs }) => inputs[name] as Tensor))]),
    ),
    rows: questions.reduce((sum, { rows }) => sum + rows, 0),
  };
}

/** The answer to each of the questions that ran as one. */
export function cutApart(questions: readonly Question[], answer: Answer): Answer[] {
  if (questions.length === 1) return [answer];
  let at = 0;
  return questions.map(({ rows }) => {
    const from = at;
    at += rows;
    const outputs = Object.entries(answer.outputs).map(
      ([name, tensor]) => [name, rowsOf(tensor, from, rows)] as const,
    );
    return { outputs: recordOf(outputs) };
  });
}
