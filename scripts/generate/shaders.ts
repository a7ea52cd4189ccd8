import { readdirSync, readFileSync } from "node:fs";

const FOLDER = "src/engines/webgpu";

/** Without comments and indents, a quarter of what a page would load of them; lines keep their numbers. */
function bare(text: string): string {
  return text.replace(/^[ \t]*(\/\/.*)?/gm, "");
}

/** The text of every .wgsl file as a constant of a module, by the module's path. */
export function shaderFiles(): Record<string, string> {
  const constants = readdirSync(FOLDER)
    .filter((file) => file.endsWith(".wgsl"))
    .sort()
    .map((file) => {
      const name = file
        .replace(".wgsl", "")
        .replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
      const text = bare(readFileSync(`${FOLDER}/${file}`, "utf8")).replace(/[\\`]|\$\{/g, "\\$&");
      return `/** ${file} */\nexport const ${name} = \`${text}\`;\n`;
    });
  const note = "// Made from the .wgsl files in this folder by npm run gen:code; change them.\n";
  return { [`${FOLDER}/shaders.ts`]: [note, ...constants].join("\n") };
}
