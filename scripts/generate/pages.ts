import { commandsPage } from "./commands-page.ts";
import { fillersPage } from "./fillers-page.ts";
import { layersPage } from "./layers-page.ts";
import { modelsPage } from "./models-page.ts";
import { onnxPage } from "./onnx-page.ts";
import { runsPage } from "./runs-page.ts";
import { solversPage } from "./solvers-page.ts";

/** The pages of docs/ that are made from code, by their paths. */
export async function generatedPages(): Promise<Record<string, string>> {
  return {
    "docs/cli.md": await commandsPage(),
    "docs/fillers.md": fillersPage(),
    "docs/layers.md": layersPage(),
    "docs/models.md": modelsPage(),
    "docs/onnx.md": await onnxPage(),
    "docs/runs.md": runsPage(),
    "docs/solvers.md": solversPage(),
  };
}
