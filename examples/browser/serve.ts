import { existsSync, readFileSync } from "node:fs";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join } from "node:path";

/** Where Debian's dataset-fashion-mnist lies. */
export const FASHION = "/usr/share/datasets/fashion-mnist";

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".txt": "text/plain; charset=utf-8",
  ".prototxt": "text/plain; charset=utf-8",
  ".gz": "application/gzip",
};
/** The page asks nobody else. WebAssembly and the writer of .caffemodel files, which protobufjs makes as it is needed, are code made here. */
const POLICY =
  "default-src 'none'; script-src 'self' 'unsafe-eval'; worker-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'";
/** What is asked for: names in letters, digits and a few signs, of the page or of its pictures. */
const NAME = /^\/(fashion-mnist\/)?([\w-]+(?:\.[\w-]+)*)?$/;

/** A page that is served. */
export interface ServedPage {
  readonly url: string;
  close(): void;
}

/**
 * Serves a page on this machine alone: the files of its folder, and IDX files of pictures under fashion-mnist/.
 * @param port any that is free where this one is taken
 */
export async function servePage(folder: string, data: string, port: number): Promise<ServedPage> {
  const server = createServer((request, response) => {
    const [, isData, name = "index.html"] = NAME.exec(request.url?.split("?")[0] ?? "") ?? [];
    const path = join(isData === undefined ? folder : data, name);
    if (request.method === "GET" && NAME.test(request.url ?? "")) sendFile(response, path);
    else response.writeHead(404).end();
  });
  await listen(server, port).catch(() => listen(server, 0));
  const { port: at } = server.address() as AddressInfo;
  const close = (): void => {
    server.close();
    server.closeAllConnections();
  };
  return { url: `http://127.0.0.1:${at}/`, close };
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => resolve());
  });
}

function sendFile(response: ServerResponse, path: string): void {
  if (!existsSync(path)) {
    response.writeHead(404).end();
    return;
  }
  response.writeHead(200, {
    "content-type": TYPES[extname(path)] ?? "application/octet-stream",
    "content-security-policy": POLICY,
    "cache-control": "no-cache",
    "x-content-type-options": "nosniff",
  });
  response.end(readFileSync(path));
}
