// Writes the code that git does not hold, where it is not up to date: npm run gen:code. Set-up, the build and the checks
// call it.
import { writeCode } from "./code.ts";

for (const path of writeCode()) console.log(`made ${path}`);
