// What the sides of bench/inference have in common that run in Node.
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";

/** So many numbers, from -1 to 1: the same for all. */
export function imageOf(count) {
  return Float32Array.from(
    { length: count },
    (_, i) => ((Math.imul(i + 1, 0x9e3779b1) >>> 8) / 2 ** 24 - 0.5) * 2,
  );
}

/**
 * Reads lines, each a number of milliseconds to run forward passes for; answers with the time of each, and the process's peak of resident
 * memory, as a line of JSON.
 */
export async function answerTurns(pass) {
  for await (const line of createInterface({ input: process.stdin })) {
    const end = performance.now() + Number(line);
    const times = [];
    while (times.length < 3 || performance.now() < end) {
      const begin = performance.now();
      await pass();
      times.push(performance.now() - begin);
    }
    console.log(JSON.stringify({ times, memoryMiB: peakMiB() }));
  }
}

/** What resourceUsage tells includes the parent's, as it was when this process was forked. */
function peakMiB() {
  return Number(/VmHWM:\s*(\d+)/.exec(readFileSync("/proc/self/status", "utf8"))[1]) / 1024;
}
