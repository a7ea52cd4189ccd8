import type { NetParameter } from "../io/proto/caffe.ts";
import { CaffeError } from "../util/errors.ts";

/** Lets a command that only looks at a net run the JavaScript that its layers name. */
export const runLayersFlag: [
  "run-layers",
  { readonly type: "boolean"; readonly default: false; readonly describe: string },
] = [
  "run-layers",
  {
    type: "boolean",
    default: false,
    describe: "run the modules that Python layers name, beside the net: only for nets you trust",
  },
];

/**
 * Makes sure that looking at a net runs no program that it names.
 * @param net filtered: the layers that would be set up
 * @throws CaffeError that names the first layer that would
 */
export function checkRunsNothing({ layer: layers = [] }: NetParameter): void {
  const found = layers.find(({ type }) => type === "Python");
  if (!found) return;
  const { module = "", layer = "" } = found.python_param ?? {};
  throw new CaffeError(
    `layer "${found.name ?? ""}" (Python) is class ${layer} of module "${module}", a program that is not run to look at a net. Give --run-layers if you trust it.`,
  );
}
