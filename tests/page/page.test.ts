import { expect, test } from "vitest";
import { html } from "../../src/page/html.ts";
import { pageText, section } from "../../src/page/page.ts";

test("what is put into a page is text: no tag, no end of a value, nothing that turns its direction", () => {
  const name = `<img src=x onerror="alert(1)">'&\u202e\u0007`;
  const shown = "&lt;img src=x onerror=&quot;alert(1)&quot;&gt;&#39;&amp;";
  expect(html`<td title="${name}">${[name, 1]}</td>`.text).toBe(
    `<td title="${shown}">${shown}1</td>`,
  );
  expect(html`<p>${html`<b>${name}</b>`}${undefined}</p>`.text).toBe(`<p><b>${shown}</b></p>`);
  const page = pageText({ title: name, lead: name, body: [section(name, name)], foot: name });
  expect(page).not.toContain("<img");
  expect(page.split(shown)).toHaveLength(7);
});

test("a page asks the network for nothing, runs no script, and is dark where its reader's system is", () => {
  const page = pageText({ title: "a", body: [section("b", undefined, html`<p>c</p>`)] });
  expect(page).toMatch(/^<!doctype html>\n<html lang="en">/);
  expect(page).toContain("default-src 'none'");
  expect(page).toContain("prefers-color-scheme: dark");
  expect(page).not.toMatch(/<script|https?:|url\(|@import/);
  expect(page).toContain("<section><h2>b</h2><p>c</p></section>");
});
