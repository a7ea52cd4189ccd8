import { Html, html } from "./html.ts";
import { PAGE_STYLE } from "./style.ts";

/** A page and what stands on it. */
interface Page {
  readonly title: string;
  /** What is said below the title. */
  readonly lead?: string | Html;
  readonly body: readonly Html[];
  /** What stands at the end, in small letters. */
  readonly foot?: string | Html;
  /** The address of a script of the page's own server; without one no script runs and nothing is asked of the network. */
  readonly script?: string;
  /** Rules of style besides those of all pages. */
  readonly style?: string;
}

/**
 * A page that stands by itself: it asks the network for nothing and runs no script (but one of its own server's), is light or dark as its reader's system
 * is, and is as wide as its window. Its body is made of sections.
 */
export function pageText({ title, lead, body, foot, script, style = "" }: Page): string {
  const alive = script === undefined ? undefined : new Html(OF_SCRIPTS);
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'${alive}">
<title>${title}</title>
<style>${new Html(PAGE_STYLE + style)}</style>
</head>
<body>
<header><h1>${title}</h1>${lead && html`<p>${lead}</p>`}</header>
<main>
${body}
</main>
${foot && html`<footer><p>${foot}</p></footer>`}
${script && html`<script src="${script}"></script>`}</body>
</html>
`.text;
}

/** What a page with a script may do: run it, and ask its own server. */
const OF_SCRIPTS = "; script-src 'self'; connect-src 'self'";

/** A part of a page under a heading, and what it shows in a sentence. */
export function section(
  title: string,
  about: string | Html | undefined,
  ...content: readonly Html[]
): Html {
  return html`<section><h2>${title}</h2>${about && html`<p>${about}</p>`}${content}</section>\n`;
}
