/** Bytes of memory that the process has resident; the most it has had where the system does not tell (Linux without /proc). */
export function residentBytes(): number {
  try {
    return process.memoryUsage.rss();
  } catch {
    return process.resourceUsage().maxRSS * 1024;
  }
}
