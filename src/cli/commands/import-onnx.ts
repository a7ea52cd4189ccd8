import { join } from "node:path";
import type { CommandModule } from "yargs";
import { writeFilesAtomically } from "../../io/files/atomic-file.ts";
import { NewFolder } from "../../io/files/new-folder.ts";
import { fromOnnx, type ImportedNet } from "../../onnx/import/from-onnx.ts";
import { whole, withLists } from "../flags.ts";
import { Console } from "../session.ts";
import { shapesOf } from "../shape-flag.ts";

interface ImportFlags {
  readonly file: string;
  readonly folder: string;
  readonly batch: number | undefined;
  readonly shape: readonly string[];
  readonly force: boolean;
}

/** `caffe import_onnx`: a file of ONNX as a net and its weights. */
export const importOnnx: CommandModule<object, ImportFlags> = {
  command: "import_onnx <file> <folder>",
  describe: "make a net of a file of ONNX: deploy.prototxt, train_val.prototxt, net.caffemodel",
  builder: (yargs) =>
    withLists(yargs, "shape")
      .positional("file", { type: "string", demandOption: true, describe: "file to read" })
      .positional("folder", { type: "string", demandOption: true, describe: "folder to write to" })
      .option(
        ...whole("batch", { least: 1, describe: "samples of a batch; as the file says, or 1" }),
      )
      .option("shape", {
        type: "string",
        array: true,
        default: [],
        describe: "shape of an input that the file leaves open, as data=1,3,224,224",
      })
      .option("force", {
        type: "boolean",
        default: false,
        describe: "replace what an earlier import has written into the folder",
      })
      .example("caffe import_onnx resnet18.onnx resnet18", "three files in the folder resnet18")
      .example(
        "caffe train --solver=solver.prototxt --weights=resnet18/net.caffemodel",
        "to go on with them: the solver's net is resnet18/train_val.prototxt",
      ) as never,
  handler: ({ file, folder, batch, shape, force }) => {
    const { log } = new Console();
    const imported = fromOnnx(file, {
      shapes: shapesOf(shape),
      ...(batch !== undefined && { batch }),
    });
    const files = filesOf(imported);
    const made = new NewFolder(folder, force);
    try {
      writeFilesAtomically(
        files.map(({ name, chunks }) => ({ path: join(made.folder, name), chunks })),
      );
      made.publish();
    } finally {
      made.discard();
    }
    const say = (message: string): void => log("info", "import_onnx", message);
    for (const line of linesOf(imported)) say(line);
    if (!imported.trainVal) {
      log(
        "warning",
        "import_onnx",
        "No output is one of scores of classes: there is no train_val.prototxt. Add data and a loss to deploy.prototxt to train it.",
      );
    }
    say(`Wrote ${files.map(({ name }) => join(folder, name)).join(", ")}`);
  },
};

interface FileOfNet {
  readonly name: string;
  readonly chunks: readonly Uint8Array[];
}

function filesOf(imported: ImportedNet): FileOfNet[] {
  const text = (name: string, content: string): FileOfNet => ({
    name,
    chunks: [new TextEncoder().encode(content)],
  });
  const trainVal = imported.trainValText();
  return [
    { name: "net.caffemodel", chunks: imported.caffemodel() },
    ...(trainVal === undefined ? [] : [text("train_val.prototxt", trainVal)]),
    text("deploy.prototxt", imported.deployText()),
  ];
}

/** What goes in and comes out, and how much it has learned. */
function linesOf({ deploy, inputs, outputs, parameters }: ImportedNet): string[] {
  const text = ({ blob, shape }: ImportedNet["inputs"][number]): string =>
    `${blob}: ${shape.join("×") || "scalar"}`;
  return [
    ...inputs.map((input) => `Input ${text(input)}`),
    ...outputs.map((output) => `Output ${text(output)}`),
    `${deploy.layer?.length ?? 0} layers, ${parameters} parameters`,
  ];
}
