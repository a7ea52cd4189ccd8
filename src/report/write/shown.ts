import { Html, html } from "../../page/html.ts";
import { type Chart, chartSvg } from "../../plot/chart.ts";
import { pageTheme } from "../../plot/theme.ts";
import { version } from "../../util/version.ts";
import type { ReportFacts } from "../report.ts";

/** How charts lie side by side. */
const CHART = { width: 520, height: 340, theme: pageTheme, hasLegend: false };
/** Names in captions are cut behind so many letters. */
const MOST_LETTERS = 60;

/** Axes of two shares. */
export const SHARES = { xRange: [0, 1], yRange: [0, 1] } as const;

/** A share as a page shows it; a dash where there is none. */
export function percent(value: number): string {
  return Number.isNaN(value) ? "–" : `${(100 * value).toFixed(2)}\u00a0%`;
}

/** A number as a page shows it; a dash where there is none. */
export function decimals(value: number, digits = 3): string {
  return Number.isNaN(value) ? "–" : value.toFixed(digits);
}

/** A name that is not too long for a caption; the whole shows where a pointer rests on it. */
export function short(name: string): Html {
  const letters = [...name];
  if (letters.length <= MOST_LETTERS) return html`${name}`;
  return html`<span title="${name}">${letters.slice(0, MOST_LETTERS - 1).join("")}…</span>`;
}

/** A chart within a page, without a title or a legend of its own. */
export function chart(content: Omit<Chart, "title">): Html {
  return new Html(chartSvg({ title: "", ...content }, CHART));
}

/** What weights a report is of, and how much of the data it has seen. */
export function leadOf({ weights, pass: { records, ofSource } }: ReportFacts): Html {
  const isPart = ofSource !== undefined && ofSource !== records;
  const all = `${records.toLocaleString("en")} ${isPart ? `of ${ofSource.toLocaleString("en")} ` : ""}records`;
  return html`${weights} on ${all}, each counted once.`;
}

/** Where the numbers come from. */
export function footOf(source: string, { model }: ReportFacts): Html {
  return html`${source} in ${model}. Made by caffe-ts ${version}; the numbers are in the files beside this page.`;
}
