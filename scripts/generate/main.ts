// Writes what is made from other files, where it is not up to date. npm run gen:code: the code that git does not hold,
// which set-up, the build and the checks call. npm run gen: that, and pages of docs/.
import { writeCode, writeFiles } from "./code.ts";

const isCodeOnly = process.argv[2] === "code";
const written = writeCode();
if (!isCodeOnly) {
  // The pages are made by the code, which cannot be loaded before it is there.
  const { generatedPages } = await import("./pages.ts");
  written.push(...writeFiles(await generatedPages()));
}
for (const path of written) console.log(`made ${path}`);
