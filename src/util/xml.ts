import { withoutControls } from "./printable.ts";

/** A text as it stands between the tags of XML, so of SVG. */
export function xmlText(text: string): string {
  return withoutControls(text)
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;");
}
