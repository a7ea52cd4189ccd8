import { type Html, html } from "../../page/html.ts";
import { type Column, share, table } from "../../page/parts.ts";
import type { Confounded } from "../measures/confusion.ts";

/** Which classes are most often taken for which, for report.json. */
export function confoundedJson(
  confounded: readonly Confounded[],
  names: readonly string[],
  what: "records" | "pixels",
): object[] {
  return confounded.map(({ label, guess, records, share: part }) => ({
    ...{ label, name: names[label], guess, guess_name: names[guess] },
    ...{ [what]: records, share: part },
  }));
}

/** The same as a part of a page; nothing where nothing is confounded. */
export function confoundedTable(
  confounded: readonly Confounded[],
  names: readonly string[],
  what: "records" | "pixels",
): Html[] {
  if (confounded.length === 0) return [];
  const columns: readonly Column<Confounded>[] = [
    { title: "is", isText: true, of: ({ label }) => names[label] ?? "" },
    { title: "taken for", isText: true, of: ({ guess }) => names[guess] ?? "" },
    { title: what, of: ({ records }) => records },
    { title: "share of the class", of: ({ share: part }) => share(part) },
  ];
  return [html`<h3>Most often confounded</h3>\n`, table(columns, confounded)];
}
