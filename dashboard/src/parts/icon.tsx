import type { JSX } from "preact";

/** Lines on a ground of 16 by 16. */
const PATHS = {
  curves: "M2 13.5h12M2 11l3.5-4 3 2.5L14 3",
  net: "M6 2.5h4v3H6zM2 10.5h4v3H2zM10 10.5h4v3h-4zM8 5.5V8M4 10.5V8h8v2.5",
  weights: "M2.5 2.5h4.5v4.5H2.5zM9 2.5h4.5v4.5H9zM2.5 9h4.5v4.5H2.5zM9 9h4.5v4.5H9z",
  batch: "M2.5 3.5h11v9h-11zM2.5 10.5l3-3 2.5 2.5 2-2 3.5 3.5M10.5 6.2v.1",
  mistakes: "M8 2.2l6 11H2zM8 6.5v3M8 11.4v.1",
  log: "M3 3.5h10M3 6.5h7M3 9.5h10M3 12.5h5",
  files: "M4 1.8h5l3 3v9.4H4zM9 1.8v3h3",
  snapshot: "M2.5 4.8h2.3l1-1.5h4.4l1 1.5h2.3v8h-11zM8 6.6a2.1 2.1 0 1 0 .01 0",
  rate: "M3 12.5a6 6 0 1 1 10 0M8 9.5l2.6-3.4",
  stop: "M4 4h8v8H4z",
  theme: "M8 2a6 6 0 1 0 .01 0M8 2v12M8 4.5h3.4M8 7h4.9M8 9.5h4.6M8 12h3",
  help: "M5.8 6a2.2 2.2 0 1 1 3.2 2c-.7.4-1 .8-1 1.6M8 12v.1",
  search: "M7 2.5a4.5 4.5 0 1 0 .01 0M10.3 10.3l3.2 3.2",
  close: "M4 4l8 8M12 4l-8 8",
  plus: "M8 3.5v9M3.5 8h9",
  minus: "M3.5 8h9",
  fit: "M2.5 6V2.5H6M10 2.5h3.5V6M13.5 10v3.5H10M6 13.5H2.5V10",
  again: "M13 8a5 5 0 1 1-1.6-3.7M13.2 2v3h-3",
  copy: "M5.5 5.5h8v8h-8zM3.5 10.5h-1v-8h8v1",
} as const;

export type IconName = keyof typeof PATHS;

/** A small picture that says nothing by itself. */
export function Icon({ name, size = 16 }: { name: IconName; size?: number }): JSX.Element {
  return (
    <svg
      {...{ width: size, height: size, viewBox: "0 0 16 16", fill: "none", stroke: "currentColor" }}
      {...{ "stroke-width": 1.4, "stroke-linecap": "round", "stroke-linejoin": "round" }}
      aria-hidden="true"
    >
      <path d={PATHS[name]} />
    </svg>
  );
}
