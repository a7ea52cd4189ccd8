import type { Explained } from "../explain/explain.ts";
import { html } from "../page/html.ts";
import { pageText, section } from "../page/page.ts";
import { fixedText } from "../util/log.ts";

/** An image that was explained: its name, and its pictures as PNG files, that of the image itself first. */
export interface ExplainedFile extends Pick<Explained, "label" | "score"> {
  readonly file: string;
  readonly pictures: readonly { readonly title: string; readonly png: Uint8Array }[];
}

/** What each method shows. */
const ABOUT = [
  "gradient: pixels whose change changes the score most (Simonyan 2014).",
  "grad-cam: where the features of a layer speak for the class (Selvaraju 2017).",
  "occlusion: what lowers the score when it is covered by the mean (Zeiler 2014).",
  "activations: the channels of a layer, each from black to white.",
];

/** The page of all that was explained, with its pictures in it. */
export function explainPage(explained: readonly ExplainedFile[]): string {
  const sections = explained.map(({ file, label, score, pictures }) =>
    section(
      file,
      `${label}, score ${fixedText(score, 4)}`,
      html`<div class="tiles">${pictures.map(({ title, png }) => {
        const source = `data:image/png;base64,${Buffer.from(png).toString("base64")}`;
        return html`<figure><img src="${source}" alt="${title} of ${file}"><figcaption>${title}</figcaption></figure>`;
      })}</div>`,
    ),
  );
  return pageText({
    title: "What the net looks at",
    lead: "Colours show how much a place counts for the class that is named: none where the picture is clear, most where it is light yellow.",
    body: [
      html`<style>.tiles { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 12rem), 1fr)); gap: 1rem; }
figure { margin: 0; min-width: 0; } figure img { display: block; width: 100%; image-rendering: pixelated; border-radius: 6px; } figcaption { color: var(--soft); overflow-wrap: anywhere; }</style>`,
      ...sections,
    ],
    foot: ABOUT.join(" "),
  });
}
