import { readFileSync, readlinkSync } from "node:fs";

/**
 * What tells whether two processes see each other by their numbers: the system they run on, and its space of process numbers.
 * Undefined where that cannot be known.
 */
export function processSpace(): string | undefined {
  try {
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    return `${boot} ${readlinkSync("/proc/self/ns/pid")}`;
  } catch {
    return undefined;
  }
}

/** Whether a process of this one's space has ended; one that nobody has asked for its exit status yet has. */
export function hasEnded(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name before the state is in parentheses, and may hold others.
    return /^[ZX]/.test(stat.slice(stat.lastIndexOf(")") + 2));
  } catch (error) {
    return ["ENOENT", "ESRCH"].includes((error as NodeJS.ErrnoException).code ?? "");
  }
}
