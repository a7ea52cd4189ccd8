// Puts the HDF5 library into dist, as a part of `npm run build`: the package h5wasm has it four times, for as many kinds of
// programs, and one is what an install needs. Its WebAssembly, which stands in its code as text, is a fifth as large compressed.
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants } from "node:zlib";

const main = fileURLToPath(import.meta.resolve("h5wasm"));
const licence = join(dirname(main), "../../LICENSE.txt");
const folder = "dist/io/hdf5/h5wasm";
mkdirSync(folder, { recursive: true });
for (const file of ["hdf5_hl.js", "file_handlers.js"]) {
  copyFileSync(join(dirname(main), file), join(folder, file));
}
copyFileSync(licence, join(folder, "LICENSE.txt"));

/** Emscripten writes a byte as the character of its number, and zero as that of 256. */
const TEXT = /binaryDecode\(('(?:[^'\\]|\\[\s\S])*')\)/;
const util = readFileSync(join(dirname(main), "hdf5_util.js"), "utf8");
const text = TEXT.exec(util)?.[1];
if (!text) throw new Error("h5wasm's hdf5_util.js has no binaryDecode('...'). Expected one.");
const characters = new Function(`return ${text}`)() as string;
const module = Uint8Array.from(characters, (character) => character.charCodeAt(0));
if (characters.slice(1, 4) !== "asm")
  throw new Error("what h5wasm's hdf5_util.js holds does not begin as WebAssembly does.");
const quality = { [constants.BROTLI_PARAM_QUALITY]: 9 };
writeFileSync(join(folder, "hdf5.wasm.br"), brotliCompressSync(module, { params: quality }));
const imports = [
  'import { readFileSync as readFile } from "node:fs";',
  'import { brotliDecompressSync } from "node:zlib";',
];
const reading =
  'new Uint8Array(brotliDecompressSync(readFile(new URL("./hdf5.wasm.br", import.meta.url))))';
writeFileSync(
  join(folder, "hdf5_util.js"),
  `${imports.join("\n")}\n${util.replace(TEXT, () => reading)}`,
);

const user = "dist/io/hdf5/library.js";
const code = readFileSync(user, "utf8");
const carried = code.replace('import("h5wasm")', 'import("./h5wasm/hdf5_hl.js")');
if (carried === code)
  throw new Error(`${user} does not import "h5wasm". Expected import("h5wasm") once.`);
writeFileSync(user, carried);
