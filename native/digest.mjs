// A number for what the addon is made of: choices between its algorithms hold for it alone. binding.gyp asks:
//
//     node native/digest.mjs list                 the files
//     node native/digest.mjs write FILE LEVEL     a header with the number, for these processors
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const folder = fileURLToPath(new URL("src", import.meta.url));
const files = readdirSync(folder).sort();

const [what, header, level] = process.argv.slice(2);
if (what === "list") {
  // As binding.gyp names them: from its own folder.
  process.stdout.write(files.map((name) => `native/src/${name}\n`).join(""));
} else {
  const hash = createHash("sha256").update(level);
  // A checkout on Windows may have other ends of lines.
  for (const name of files) {
    hash.update(`${name}\n`).update(readFileSync(join(folder, name), "utf8").replaceAll("\r", ""));
  }
  writeFileSync(header, `#define CAFFE_DIGEST "${hash.digest("hex").slice(0, 8)}"\n`);
}
