/** A colour in light and in dark. */
type Pair = readonly [light: string, dark: string];

/** The colours of pages, by their names in style: ground to ink, what is good or bad, and ten of lines. */
const PAGE_COLOURS: Readonly<Record<string, Pair>> = {
  ground: ["#f5f6f8", "#0f1318"],
  card: ["#ffffff", "#181d24"],
  ink: ["#1b2129", "#e6eaef"],
  soft: ["#5d6875", "#9aa6b3"],
  line: ["#e1e5ea", "#2a323c"],
  fill: ["#eef1f5", "#222932"],
  accent: ["#2458c5", "#86abff"],
  good: ["#12773d", "#5fcf8b"],
  bad: ["#b3261e", "#ff8f85"],
  c0: ["#2458c5", "#86abff"],
  c1: ["#c2410c", "#ff9d66"],
  c2: ["#12773d", "#5fcf8b"],
  c3: ["#9333b8", "#d597f2"],
  c4: ["#0b7b86", "#5fd0db"],
  c5: ["#b3261e", "#ff8f85"],
  c6: ["#8a6400", "#e3bd55"],
  c7: ["#d0307f", "#ff8cc0"],
  c8: ["#55606d", "#b0bac6"],
  c9: ["#5b4bd6", "#a99cff"],
};

/** The custom properties of one scheme, as they stand within a rule of style. */
export function colourProperties(scheme: "light" | "dark"): string {
  const which = scheme === "light" ? 0 : 1;
  return Object.entries(PAGE_COLOURS)
    .map(([name, pair]) => `--${name}: ${pair[which]};`)
    .join(" ");
}
