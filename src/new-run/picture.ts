/** A picture and the class that it shows. */
export interface Picture {
  /** Its path from the root of its set. */
  readonly path: string;
  /** The name of its class. */
  readonly class: string;
}

/** Pictures that are named from one folder. */
export interface PictureSet {
  /** The folder, with a slash at its end; empty where paths are as they are. */
  readonly root: string;
  readonly pictures: readonly Picture[];
}

/** Pictures as they were found: to train with, and to test with where these are apart. */
export interface FoundPictures {
  readonly train: PictureSet;
  /** What is tested with during training. */
  readonly val?: PictureSet;
  /** What is kept for a test at the end. */
  readonly test?: PictureSet;
}

/** The names of the classes that pictures show, in the order of their labels: numbers by their value, others as text. */
export function classesOf(pictures: readonly Picture[]): string[] {
  const names = [...new Set(pictures.map((picture) => picture.class))];
  const areNumbers = names.every((name) => /^\d+$/.test(name));
  return areNumbers ? names.sort((a, b) => Number(a) - Number(b)) : names.sort();
}
