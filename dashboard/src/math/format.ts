/** A number in few characters: 0.0123, 1,234, 3.2e-7. */
export function shortNumber(value: number | null | undefined): string {
  if (value === null || value === undefined) return "–";
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "NaN" : value > 0 ? "∞" : "−∞";
  const size = Math.abs(value);
  if (size === 0) return "0";
  if (size >= 1e7 || size < 1e-4) return value.toExponential(2).replace("e+", "e");
  if (size >= 1000) return Math.round(value).toLocaleString("en-US");
  return String(Number(value.toPrecision(4)));
}

/** How many, with thousands apart: 12,345. */
export function count(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}

/** How many in few characters: 431k, 25.6M. */
export function shortCount(value: number): string {
  for (const [unit, name] of [
    [1e9, "G"],
    [1e6, "M"],
    [1e3, "k"],
  ] as const) {
    if (value >= unit) return `${Number((value / unit).toPrecision(3))}${name}`;
  }
  return String(value);
}

/** A size of memory: 512 B, 1.5 MiB. */
export function bytes(value: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let size = value;
  let unit = 0;
  while (size >= 1024 && unit < units.length - 1) {
    size /= 1024;
    unit++;
  }
  return `${Number(size.toPrecision(3))}\u00a0${units[unit]}`;
}

/** A stretch of time in two units at most: 45 s, 3 min 20 s, 2 h 5 min, 3 d 4 h. */
export function duration(seconds: number): string {
  if (!Number.isFinite(seconds)) return "–";
  if (seconds < 60) return `${Math.max(0, Math.round(seconds))}\u00a0s`;
  const pair = (big: number, bigName: string, small: number, smallName: string): string => {
    const whole = Math.floor(seconds / big);
    const rest = Math.floor((seconds - whole * big) / small);
    const first = `${whole}\u00a0${bigName}`;
    return rest > 0 ? `${first} ${rest}\u00a0${smallName}` : first;
  };
  if (seconds < 3600) return pair(60, "min", 1, "s");
  if (seconds < 86_400) return pair(3600, "h", 60, "min");
  return pair(86_400, "d", 3600, "h");
}

/** Milliseconds in few characters: 12.3 ms, 45 µs, 1.2 s. */
export function milliseconds(value: number): string {
  if (value >= 1000) return `${Number((value / 1000).toPrecision(3))}\u00a0s`;
  if (value >= 0.1 || value === 0) return `${Number(value.toPrecision(3))}\u00a0ms`;
  return `${Number((value * 1000).toPrecision(3))}\u00a0µs`;
}

/** A share of 1 in per cent. */
export function percent(share: number): string {
  return `${Number((100 * share).toPrecision(3))}\u00a0%`;
}
