import { listModels } from "../../src/models/model-zoo.ts";
import { table } from "./table.ts";

/** The models that come with the package, from their READMEs. */
export function modelsPage(): string {
  const rows = listModels().map(({ id, name, task, parameters, macs, input, weights }) => [
    `\`${id}\``,
    name,
    task,
    parameters.toLocaleString("en"),
    macs,
    input,
    weights ? "can be fetched" : "–",
  ]);
  return `<!-- Made from models by npm run gen; change it there. -->

# Models

Nets that come with the package, each with its paper, its sizes and its preparation in a README. \`caffe models show NAME\`
prints it, \`caffe models get NAME\` copies the files and fetches the authors' weights where they publish any. Parameters are
those that learn; BatchNorm's statistics are not counted. Multiplications (MACs) are those of one sample.

${table(["name", "", "task", "parameters", "MACs", "input", "weights"], rows)}
`;
}
