/** The colours of a chart. */
export interface Theme {
  readonly ground: string;
  readonly ink: string;
  readonly grid: string;
  readonly axis: string;
  /** Of lines, one after the other; from the beginning where there are more. */
  readonly lines: readonly string[];
}

/** Colours of a chart that is a file of its own. */
export const paperTheme: Theme = {
  ground: "white",
  ink: "black",
  grid: "#e5e5e5",
  axis: "#444",
  lines: [
    "#1f77b4",
    "#d62728",
    "#2ca02c",
    "#ff7f0e",
    "#9467bd",
    "#8c564b",
    "#e377c2",
    "#17becf",
    "#7f7f7f",
    "#bcbd22",
  ],
};

/** Colours of a chart within a page of `page/page.ts`, whose style names them: light or dark as the page is. */
export const pageTheme: Theme = {
  ground: "none",
  ink: "var(--ink)",
  grid: "var(--line)",
  axis: "var(--soft)",
  lines: Array.from({ length: 10 }, (_, i) => `var(--c${i})`),
};
