import { fileURLToPath } from "node:url";
import { bundlePage } from "./bundle-page.ts";

const source = fileURLToPath(new URL("..", import.meta.url));

/** Makes the page of its sources where the dashboard's server looks for it: index.html, app.js, app.css, icon.svg, licences.txt. */
export async function buildPage(): Promise<void> {
  await bundlePage(fileURLToPath(new URL("../../dist/dashboard/page/", import.meta.url)), {
    scripts: { app: `${source}src/main.tsx` },
    files: [`${source}index.html`, `${source}icon.svg`],
  });
}
