// Writes src/engines/webgpu/shaders.ts from the .wgsl files beside it: npm run gen. With --check it only compares.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const FOLDER = fileURLToPath(new URL("../src/engines/webgpu/", import.meta.url));
const TARGET = `${FOLDER}shaders.ts`;

const names = readdirSync(FOLDER)
  .filter((file) => file.endsWith(".wgsl"))
  .sort();
const lines = names.map((file) => {
  const name = file.replace(".wgsl", "").replace(/-(\w)/g, (_, letter) => letter.toUpperCase());
  const text = readFileSync(FOLDER + file, "utf8").replace(/[\\`]|\$\{/g, "\\$&");
  return `/** ${file} */\nexport const ${name} = \`${text}\`;\n`;
});
const text = `// Made from the .wgsl files in this folder by scripts/generate-shaders.mjs (npm run gen); not to be edited.\n\n${lines.join("\n")}`;

if (process.argv.includes("--check")) {
  if (readFileSync(TARGET, "utf8") !== text) {
    console.error("src/engines/webgpu/shaders.ts is older than a .wgsl file. Run npm run gen.");
    process.exit(1);
  }
} else writeFileSync(TARGET, text);
