import { signal } from "@preact/signals";
import type { Built, EngineFacts, OpenedNet, PictureFacts, Texts } from "../messages.ts";

/** Where a session stands. */
export type Stage = "loading" | "ready" | "training" | "paused" | "done" | "failed";

export const stage = signal<Stage>("loading");
export const engine = signal<EngineFacts | undefined>(undefined);
export const pictures = signal<PictureFacts | undefined>(undefined);
/** The training that is ready or under way. */
export const built = signal<Built | undefined>(undefined);
/** The texts as they are trained, and as they came. */
export const texts = signal<Texts>({ net: "", solver: "" });
export const stock = signal<Texts>({ net: "", solver: "" });
/** The net that was brought along, and guesses. */
export const openedNet = signal<OpenedNet | undefined>(undefined);
/** What went wrong last, in a line. */
export const problem = signal<string | undefined>(undefined);
