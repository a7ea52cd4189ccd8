import { fileURLToPath } from "node:url";
import type { CommandModule } from "yargs";

/** The folder that lets Octave and MATLAB find the package `caffe`: the package's own, seen from src and from dist alike. */
const MATLAB_FOLDER = fileURLToPath(new URL("../../../matlab", import.meta.url));

/** `caffe matlab_path`: the folder that lets Octave and MATLAB find the package `caffe`. */
export const matlabPath: CommandModule = {
  command: "matlab_path",
  describe: "show what belongs on the path of Octave or MATLAB, for the package caffe",
  builder: (yargs) =>
    yargs.example(
      'octave --path "$(caffe matlab_path)"',
      "start Octave, which finds the package caffe",
    ),
  handler: () => {
    process.stdout.write(`${MATLAB_FOLDER}\n`);
  },
};
