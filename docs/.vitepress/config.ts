import { existsSync } from "node:fs";
import { join } from "node:path";
import { defineConfig } from "vitepress";

const docs = join(import.meta.dirname, "..");

/** Pages of a section that are there; some are made by other parts of the project. */
function section(
  text: string,
  pages: readonly (readonly [text: string, page: string])[],
): { text: string; items: { text: string; link: string }[] } {
  const items = pages.filter(([, page]) => existsSync(join(docs, `${page.replace(/#.*/, "")}.md`)));
  return { text, items: items.map(([title, page]) => ({ text: title, link: `/${page}` })) };
}

export default defineConfig({
  title: "caffe-ts",
  description: "Caffe, the config-driven deep-learning engine, in TypeScript",
  cleanUrls: true,
  // The index of the search is one piece, and large.
  vite: { build: { chunkSizeWarningLimit: 4000 } },
  markdown: { languageAlias: { prototxt: "proto" } },
  themeConfig: {
    search: { provider: "local" },
    outline: [2, 3],
    sidebar: [
      section("Tutorial", [
        ["1. Install", "tutorial/1-install"],
        ["Install anywhere", "install"],
        ["Your pictures", "your-pictures"],
        ["2. A net", "tutorial/2-a-net"],
        ["3. Train", "tutorial/3-train"],
        ["Runs", "runs"],
        ["Before a long run", "before-a-long-run"],
        ["4. Use", "tutorial/4-use"],
        ["5. Fine-tune", "tutorial/5-finetune"],
        ["6. Detect", "tutorial/6-detect"],
        ["7. Train to detect", "tutorial/7-train-to-detect"],
        ["The report of a net", "report"],
        ["What a net looks at", "explain"],
        ["Nets of 8-bit integers", "quantize"],
      ]),
      section("Reference", [
        ["Layers", "layers"],
        ["Fillers", "fillers"],
        ["Solvers", "solvers"],
        ["Data", "data"],
        ["Models", "models"],
        ["On the command line", "command-line"],
        ["Commands and flags", "cli"],
        ["API", "api/index"],
        ["Layers of your own", "user-layers"],
        ["GPU", "gpu"],
        ["In a browser", "browser"],
        ["Many machines", "distributed"],
        ["Performance", "performance"],
        ["Many cores", "many-cores"],
        ["Snapshots", "solvers#snapshots"],
        ["A window on the run", "dashboard"],
        ["Serving", "serving"],
        ["Nets in threads", "threads"],
        ["ONNX", "onnx"],
      ]),
      section("Coming from Caffe", [
        ["BVLC Caffe", "from-caffe"],
        ["Your pycaffe scripts", "python"],
        ["pycaffe and matcaffe", "from-pycaffe"],
        ["Octave and MATLAB", "matlab"],
        ["Differences", "differences"],
      ]),
      section("Understanding", [
        ["How it works inside", "how-it-works"],
        ["Troubleshooting", "troubleshooting"],
        ["Architecture", "architecture"],
        ["Dependencies", "dependencies"],
        ["Releasing", "releasing"],
      ]),
    ],
  },
});
