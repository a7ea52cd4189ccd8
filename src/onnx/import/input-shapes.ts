import { CaffeError } from "../../util/errors.ts";
import { nearestText } from "../../util/nearest.ts";
import type { Shape } from "../../util/shape.ts";
import type { ImportGraph } from "./graph.ts";

/**
 * Gives the graph's inputs their shapes: those that are asked for, or those of the file, of which a batch that is open is 1.
 *
 * @param batch length of every input's first axis; as the file says by default
 * @throws CaffeError where a length behind the first is not known, or what is asked for does not fit
 */
export function setInputShapes(
  graph: ImportGraph,
  wanted: Readonly<Record<string, Shape>>,
  batch: number | undefined,
): void {
  const names = graph.inputs.map(({ name }) => name);
  for (const name of Object.keys(wanted)) {
    if (names.includes(name)) continue;
    throw new CaffeError(
      `a shape is given for "${name}", which is no input.${nearestText(name, names)} Expected one of ${names.map((one) => `"${one}"`).join(", ")}.`,
    );
  }
  for (const { name, dims } of graph.inputs) {
    const shape =
      wanted[name] ?? dims?.map((length, i) => (i === 0 ? (batch ?? length ?? 1) : length));
    if (!shape) {
      throw new CaffeError(
        `input "${name}" has no shape in the file. Expected one: give --shape=${name}=1,3,224,224 or whatever it takes.`,
      );
    }
    const open = (shape as readonly (number | undefined)[]).indexOf(undefined);
    if (open >= 0) {
      const known = shape.map((length) => length ?? "?").join(",");
      throw new CaffeError(
        `input "${name}" has a length that the file leaves open, axis ${open} of ${known}. Expected all of them: give --shape=${name}=${shape.map((length, i) => length ?? (i > 1 ? 224 : 3)).join(",")}.`,
      );
    }
    if (dims && dims.length > 0 && shape.length !== dims.length) {
      throw new CaffeError(
        `input "${name}" is given shape ${shape.join(",")}. Expected ${dims.length} axes, as in the file.`,
      );
    }
    graph.shapes.set(name, shape as Shape);
  }
}
