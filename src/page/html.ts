import { xmlText } from "../util/xml.ts";

/** A piece of a page that is safe as it stands. */
export class Html {
  readonly text: string;

  /** @param text what a page shows as it is: tags and all */
  constructor(text: string) {
    this.text = text;
  }
}

/** What a piece is made of: text and numbers, which are escaped, pieces, and lists of these; what is undefined is left out. */
type Part = string | number | undefined | Html | readonly Part[];

/**
 * A piece of a page: `` html`<td title="${name}">${name}</td>` ``. What is put in is text: names come from files that others
 * wrote, and no character of theirs is a tag's, nor a quote's around a value, nor turns the direction of what stands behind it.
 */
export function html(pieces: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return new Html(pieces.map((piece, i) => piece + textOf(parts[i])).join(""));
}

function textOf(part: Part): string {
  if (part === undefined) return "";
  if (part instanceof Html) return part.text;
  if (typeof part === "object") return part.map(textOf).join("");
  return xmlText(String(part)).replaceAll('"', "&quot;").replaceAll("'", "&#39;");
}
