import { NewFolder } from "../io/files/new-folder.ts";
import { CaffeError } from "../util/errors.ts";
import { readBaseModel } from "./base-model.ts";
import { gatherPictures } from "./gather-pictures.ts";
import { readRunFileBeside } from "./run-file.ts";
import { type WriteHooks, type WriteOptions, type WrittenRun, writeRun } from "./write-run.ts";

/** The model where none is named. */
export const USUAL_MODEL = "squeezenet";

/** What a run is to be made of. */
interface NewRunOptions extends WriteOptions {
  /** How much to test with, between 0 and 1; or a source of pictures to test with. */
  readonly val: number | string;
  /** What paths of a list begin from. */
  readonly root?: string | undefined;
  readonly model?: string | undefined;
  /** Files that are there already are replaced. */
  readonly force: boolean;
}

/** How the making of a run is told of, and stopped. */
interface NewRunHooks extends Omit<WriteHooks, "check"> {
  readonly say: (severity: "info" | "warning", message: string) => void;
  readonly signal: AbortSignal;
}

/**
 * Makes a folder from pictures with all that training a classifier takes: lists, databases, their mean, nets, a solver, and a
 * page that says what each is. The folder is there as a whole, or not at all.
 *
 * @throws FileError, FormatError, CaffeError where it cannot be made; nothing is left then
 */
export async function newRun(options: NewRunOptions, hooks: NewRunHooks): Promise<WrittenRun> {
  const { folder, weights, force } = options;
  const before = weights === undefined ? undefined : readRunFileBeside(weights);
  const model = readBaseModel(options.model ?? before?.model ?? USUAL_MODEL, ["classification"]);
  const check = (): void => {
    if (hooks.signal.aborted) throw new CaffeError("interrupted: nothing was written.");
  };
  const made = new NewFolder(folder, force);
  try {
    const isColor = model.input[0] !== 1;
    const pictures = await gatherPictures({ ...options, isColor }, { ...hooks, check });
    const run = await writeRun(
      made.folder,
      options,
      { model, before, pictures },
      { ...hooks, check },
    );
    made.publish();
    return run;
  } catch (error) {
    made.discard();
    throw error;
  }
}
