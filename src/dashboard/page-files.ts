import { fileURLToPath } from "node:url";
import type { Reply } from "../http/exchange.ts";
import { HttpError } from "../http/http-error.ts";
import type { Route } from "../http/router.ts";
import { isFile } from "../io/files/file-system.ts";
import { readBytes } from "../io/files/read-file.ts";

/** The page's files: `npm run build` makes them. */
const FILES: Readonly<Record<string, string>> = {
  "index.html": "text/html; charset=utf-8",
  "app.js": "text/javascript; charset=utf-8",
  "app.css": "text/css; charset=utf-8",
  "icon.svg": "image/svg+xml",
  "licences.txt": "text/plain; charset=utf-8",
};

/** Beside the compiled code, or where the sources run in the build beside them. */
const FOLDERS = [
  new URL("./page/", import.meta.url),
  new URL("../../dist/dashboard/page/", import.meta.url),
];

/** The page, its script and its styles. */
export function pageRoutes(): Route[] {
  const names = Object.keys(FILES);
  return names.map((name) => ({
    ...{ method: "GET", path: name === "index.html" ? "/" : `/${name}`, about: "the page" },
    answer: () => pageFile(name),
  }));
}

/** @throws HttpError 404 where the page has not been built */
function pageFile(name: string): Reply {
  const path = FOLDERS.map((folder) => fileURLToPath(new URL(name, folder))).find(isFile);
  if (path === undefined) {
    throw new HttpError(
      404,
      "the page is not built. Expected npm run build to have made it; /api answers all the same.",
    );
  }
  return { type: FILES[name] ?? "", body: readBytes(path, "the dashboard's page") };
}
