import type { CommandModule } from "yargs";
import { PYTHON_FOLDER } from "../../bridge/python.ts";

/** `caffe python_path`: the folder that lets Python find the package `caffe`. */
export const pythonPath: CommandModule = {
  command: "python_path",
  describe: "show what belongs on PYTHONPATH, for import caffe",
  builder: (yargs) =>
    yargs.example(
      'export PYTHONPATH="$(caffe python_path):$PYTHONPATH"',
      "let Python find the package caffe",
    ),
  handler: () => {
    process.stdout.write(`${PYTHON_FOLDER}\n`);
  },
};
