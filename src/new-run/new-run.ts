import { NewFolder } from "../io/files/new-folder.ts";
import { CaffeError } from "../util/errors.ts";
import { type BaseModel, type RunTask, readBaseModel } from "./base-model.ts";
import { gatherAnnotated } from "./detection/gather-annotated.ts";
import { writeDetector } from "./detection/write-detector.ts";
import { gatherPictures } from "./gather-pictures.ts";
import type { WriteOptions, WrittenRun } from "./run-draft.ts";
import { type RunFile, readRunFileBeside } from "./run-file.ts";
import { gatherMasked } from "./segmentation/gather-masked.ts";
import { writeSegmenter } from "./segmentation/write-segmenter.ts";
import { type WriteHooks, writeRun } from "./write-run.ts";

/** The model where none is named. */
export const USUAL_MODELS: Readonly<Record<RunTask, string>> = {
  classification: "squeezenet",
  detection: "mobilenet_ssd",
  segmentation: "segnet",
};

/** What a run is to be made of. */
interface NewRunOptions extends WriteOptions {
  /** VOC's or COCO's annotations of the pictures, of which a detector is to be made. */
  readonly annotations?: string | undefined;
  /** A folder of label images of the pictures, of which a segmenter is to be made. */
  readonly masks?: string | undefined;
  /** A file with names of their numbers, or of a database's labels. */
  readonly labels?: string | undefined;
  /**
   * How much to test with, between 0 and 1; or a source of pictures to test with, of a detector a list that names some of its
   * pictures.
   */
  readonly val: number | string;
  /** What paths of a list begin from. */
  readonly root?: string | undefined;
  readonly model?: string | undefined;
  /** Files that are there already are replaced. */
  readonly force: boolean;
}

/** How the making of a run is told of, and stopped. */
type NewRunHooks = Omit<WriteHooks, "check">;

/**
 * Makes a folder from pictures with all that training a net takes: lists, databases, nets, a solver, and a page that says what each is. The folder is there as a whole, or not at all.
 *
 * @throws FileError, FormatError, CaffeError where it cannot be made; nothing is left then
 */
export async function newRun(options: NewRunOptions, hooks: NewRunHooks): Promise<WrittenRun> {
  const { folder, weights, force } = options;
  const { annotations, masks } = options;
  const task =
    masks !== undefined
      ? "segmentation"
      : annotations !== undefined
        ? "detection"
        : "classification";
  const run = weights === undefined ? undefined : readRunFileBeside(weights);
  const before = (run?.task ?? "classification") === task ? run : undefined;
  const model = readBaseModel(options.model ?? before?.model ?? USUAL_MODELS[task], [task]);
  const check = (): void => {
    if (hooks.signal.aborted) throw new CaffeError("interrupted: nothing was written.");
  };
  const made = new NewFolder(folder, force);
  try {
    const all = { ...hooks, check };
    const sources = { model, before };
    const written =
      masks !== undefined
        ? writeSegmenter(made.folder, options, {
            ...sources,
            pictures: await gatherMasked({ ...options, masks }, all),
          })
        : annotations !== undefined
          ? await writeDetector(
              made.folder,
              options,
              { ...sources, pictures: await gatherAnnotated({ ...options, annotations }, all) },
              all,
            )
          : await classifierRun(made.folder, options, model, before, all);
    made.publish();
    return written;
  } catch (error) {
    made.discard();
    throw error;
  }
}

async function classifierRun(
  place: string,
  options: NewRunOptions,
  model: BaseModel,
  before: RunFile | undefined,
  hooks: WriteHooks,
): Promise<WrittenRun> {
  const isColor = model.input[0] !== 1;
  const pictures = await gatherPictures({ ...options, place, isColor }, hooks);
  return writeRun(place, options, { model, before, pictures }, hooks);
}
