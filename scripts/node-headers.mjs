import { existsSync } from "node:fs";
import { dirname, join } from "node:path";

/** Settings that let node-gyp use the headers that came with Node, so that it need not fetch them. */
export function nodeHeaders() {
  const prefix = dirname(dirname(process.execPath));
  return existsSync(join(prefix, "include/node/node.h")) ? { npm_config_nodedir: prefix } : {};
}
