import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { Engines } from "../../src/engines/choose.ts";
import { judge, type Verdict } from "./judge.ts";

/** Which files below a folder: with a part of a name, and every so many of them. */
export interface Choice {
  readonly only?: string;
  readonly every?: number;
}

/** Judges prototxt files below a folder; `say` takes a line for each. Gives how many there are of each verdict. */
export function judgeFiles(
  root: string,
  { only = "", every = 1 }: Choice,
  engines: Engines,
  say: (line: string) => void,
): Readonly<Record<Verdict, number>> {
  const counts = { ok: 0, OTHER: 0, REFUSED: 0, FAILED: 0 };
  const files = readdirSync(root, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".prototxt") && file.includes(only))
    .sort()
    .filter((_, i) => i % every === 0);
  for (const file of files) {
    const { kind, verdict, text } = judge(join(root, file), engines);
    counts[verdict]++;
    const reason = text.replaceAll(`${join(root, file)}:`, "line ").slice(0, 300);
    say(`${verdict.padEnd(8)}${kind.padEnd(7)}${file}: ${reason}`);
  }
  return counts;
}
