import { expect, test } from "vitest";
import { html } from "../../src/page/html.ts";
import { gallery, legend, share, table, tiles } from "../../src/page/parts.ts";

const HOSTILE = `<img src=x onerror="alert('1')">`;
const ESCAPED = "&lt;img src=x onerror=&quot;alert(&#39;1&#39;)&quot;&gt;";

test("a table's words are text, with a title that tells them whole; numbers stand as they are", () => {
  const { text } = table(
    [
      { title: HOSTILE, isText: true, of: ({ name }: { name: string; n: number }) => name },
      { title: "n", of: ({ n }) => n },
    ],
    [{ name: HOSTILE, n: 3 }],
  );
  expect(text).toContain(`<th class="text">${ESCAPED}</th><th>n</th>`);
  expect(text).toContain(`<td class="text" title="${ESCAPED}">${ESCAPED}</td><td>3</td>`);
});

test("a share is a number and a bar within its place; a dash where there is none", () => {
  expect(share(0.25).text).toBe('0.250<span class="bar"><i style="width:25.0%"></i></span>');
  expect(share(2).text).toContain("width:100.0%");
  expect(share(Number.NaN).text).toBe("–");
});

test("tiles, legends and pictures are text too", () => {
  expect(tiles([{ name: HOSTILE, value: "1" }]).text).toContain(`<span>${ESCAPED}</span>`);
  expect(legend([HOSTILE]).text).toContain(`--c0)"></i>${ESCAPED}</span>`);
  const figures = [
    { source: "data:image/png;base64,AA==", isSmall: true, caption: html`<b>${HOSTILE}</b>` },
    { source: undefined, isSmall: false, caption: html`none` },
  ];
  const { text } = gallery(figures);
  expect(text).toContain(
    `<figure><img class="small" src="data:image/png;base64,AA==" alt=""><figcaption><b>${ESCAPED}</b></figcaption></figure>`,
  );
  expect(text).toContain("<figure><figcaption>none</figcaption></figure>");
});
