import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { buildBrowserPage } from "./build.ts";
import { FASHION, servePage } from "./serve.ts";

const { values } = parseArgs({
  options: { port: { type: "string", default: "8090" }, work: { type: "string" } },
});
const folder = join(values.work ?? fileURLToPath(new URL("work", import.meta.url)), "page");
await buildBrowserPage(folder);
if (!existsSync(FASHION)) {
  console.log(`Fashion-MNIST is not at ${FASHION}: drop its IDX files on the page.`);
}
const { url } = await servePage(folder, FASHION, Number(values.port));
console.log(`LeNet trains in the browser at ${url} (Ctrl-C ends the server)`);
