import { writeCode } from "../../scripts/generate/code.ts";

/** Tests read the schema and the shaders as they are now, also where neither set-up nor a build has run since. */
export function setup(): void {
  writeCode();
}
