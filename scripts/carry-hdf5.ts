// Puts the HDF5 library into dist, as a part of `npm run build`: the package h5wasm has it four times, for as many kinds of
// programs, and one is what an install needs.
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const main = fileURLToPath(import.meta.resolve("h5wasm"));
const licence = join(dirname(main), "../../LICENSE.txt");
const folder = "dist/io/hdf5/h5wasm";
mkdirSync(folder, { recursive: true });
for (const file of ["hdf5_hl.js", "hdf5_util.js", "file_handlers.js"]) {
  copyFileSync(join(dirname(main), file), join(folder, file));
}
copyFileSync(licence, join(folder, "LICENSE.txt"));

const user = "dist/io/hdf5/library.js";
const code = readFileSync(user, "utf8");
const carried = code.replace('import("h5wasm")', 'import("./h5wasm/hdf5_hl.js")');
if (carried === code)
  throw new Error(`${user} does not import "h5wasm". Expected import("h5wasm") once.`);
writeFileSync(user, carried);
