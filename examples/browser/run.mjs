// LeNet, trained on Fashion-MNIST in a browser: node examples/browser/run.mjs [--port=8090]
import { tsImport } from "tsx/esm/api";

await tsImport("./main.ts", import.meta.url);
