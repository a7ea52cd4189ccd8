import { resolve } from "node:path";
import { isRecord, recordsIn } from "../../run-record/record-folder.ts";
import type { LiveLink } from "../live/live-link.ts";
import { KeptViews } from "../views/kept-views.ts";
import type { RunViews } from "../views/views.ts";
import { nameOf, ShownRun } from "./shown-run.ts";

/** Milliseconds between two looks for new folders. */
const LOOK_EVERY = 3000;

/** The run that this process trains. */
export interface LiveSource {
  readonly folder: string;
  readonly link: LiveLink;
  readonly views: RunViews;
}

/** The runs of some folders, found anew now and then, and the one that is live. */
export class RunsShown {
  readonly #folders: readonly string[];
  readonly #live: LiveSource | undefined;
  readonly #byFolder = new Map<string, ShownRun>();
  #lookedAt = Number.NEGATIVE_INFINITY;

  /** @param folders records, or folders that hold some */
  constructor(folders: readonly string[], live?: LiveSource) {
    this.#folders = folders;
    this.#live = live;
  }

  all(): readonly ShownRun[] {
    const now = performance.now();
    if (now - this.#lookedAt > LOOK_EVERY) {
      this.#lookedAt = now;
      this.#look();
    }
    return [...this.#byFolder.values()];
  }

  find(id: string): ShownRun | undefined {
    return this.all().find((run) => run.id === id);
  }

  #look(): void {
    const live = this.#live && resolve(this.#live.folder);
    const found = new Set(this.#folders.flatMap(recordsIn).map((folder) => resolve(folder)));
    if (live !== undefined) found.add(live);
    for (const folder of this.#byFolder.keys())
      if (!isRecord(folder)) this.#byFolder.delete(folder);
    for (const folder of found) {
      if (this.#byFolder.has(folder) || !isRecord(folder)) continue;
      this.#byFolder.set(folder, folder === live ? this.#liveRun(folder) : this.#keptRun(folder));
    }
  }

  #liveRun(folder: string): ShownRun {
    const { views, link } = this.#live as LiveSource;
    return new ShownRun(this.#freeId(folder), folder, views, link);
  }

  #keptRun(folder: string): ShownRun {
    const run: ShownRun = new ShownRun(
      this.#freeId(folder),
      folder,
      new KeptViews(folder, () => run.lastWeights()),
    );
    return run;
  }

  /** What a run is asked for by: its name, with a number where another has it. */
  #freeId(folder: string): string {
    const name = nameOf(folder);
    const taken = new Set([...this.#byFolder.values()].map(({ id }) => id));
    for (let i = 1; ; i++) {
      const id = i === 1 ? name : `${name} (${i})`;
      if (!taken.has(id)) return id;
    }
  }
}
