// Writes the prototxt files of every model that is written in code: npm run models
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { filesOf, models } from "./index.ts";

const folder = join(import.meta.dirname, "..");
for (const model of models) {
  for (const [path, text] of filesOf(model)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}
