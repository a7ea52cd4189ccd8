import type { NetParameter } from "../proto/caffe.ts";
import { printPrototxt } from "./prototxt.ts";

const LONGEST_LINE = 100;

/** A net as people write it: a message that fits on a line stands on one, floats have no more digits than they need. */
export function compactNet(net: NetParameter): string {
  let text = printPrototxt("NetParameter", net);
  for (;;) {
    const folded = fold(text, /^( +)(\w+) \{\n((?: +\w+: [^\n{}]*\n)+) *\}$/gm);
    if (folded === text) break;
    text = folded;
  }
  // Messages that hold folded ones.
  return fold(text, /^( +)(\w+) \{\n((?: +\w+(?:: [^\n{}]*| \{ [^\n{}]* \})\n)+) *\}$/gm).replace(
    /: (-?\d*\.\d+(?:e-?\d+)?)/g,
    (_whole, number: string) => `: ${Number(number)}`,
  );
}

function fold(text: string, message: RegExp): string {
  return text.replace(message, (whole: string, indent: string, field: string, lines: string) => {
    const line = `${indent}${field} { ${lines.trim().split(/\n +/).join(" ")} }`;
    return line.length <= LONGEST_LINE ? line : whole;
  });
}
