import type { CommandModule } from "yargs";
import { threadsThat } from "../flags.ts";
import { makeRun, type NewRunFlags, withNewRunFlags } from "../new-run-flags.ts";
import { Console } from "../session.ts";

interface NewFlags extends NewRunFlags {
  readonly folder: string;
  readonly threads: number;
}

/** `caffe new`: a folder with all that training a net of pictures takes. */
export const newCommand: CommandModule<object, NewFlags> = {
  command: "new <folder>",
  describe:
    "make all that training a classifier, detector or segmenter takes, from a folder of pictures",
  builder: (yargs) =>
    withNewRunFlags(
      yargs
        .positional("folder", {
          type: "string",
          demandOption: true,
          describe:
            "folder to make: lists, databases, mean, labels, nets, solver, and a README.md that tells how each came",
        })
        .option("weights", {
          type: "string",
          describe:
            "go on from these weights (.caffemodel, .h5): the last layer begins anew and learns ten times as fast",
        }),
    )
      .option(...threadsThat("decode"))
      .example("caffe new flowers --images=photos", "photos/rose/1.jpg, photos/tulip/7.jpg, …")
      .example("caffe train --solver=flowers/solver.prototxt", "then train it")
      .example("caffe classify flowers/squeezenet_iter_300.caffemodel a.jpg b/", "and use it")
      .example(
        "caffe new flowers --images=photos --model=resnet18 --size=128 --val=0.1",
        "another net, larger pictures, one in ten to test with",
      )
      .example(
        "caffe new birds --images=photos --annotations=boxes",
        "a net that finds things: boxes/1.xml says what photos/1.jpg shows, and where",
      )
      .example(
        "caffe new roads --images=photos --masks=labels",
        "a net that tells what each pixel shows: labels/1.png has the classes' numbers of photos/1.jpg",
      )
      .example(
        "caffe new birds --images=birds.csv --weights=flowers/squeezenet_iter_300.caffemodel",
        "finetune what was trained, on the pictures that a table names",
      ) as never,
  handler: run,
};

async function run(flags: NewFlags): Promise<void> {
  const console = new Console();
  const { solver } = await makeRun(flags.folder, flags, flags.threads, console);
  console.log("info", "new", `Next: caffe train --solver=${solver}`);
}
