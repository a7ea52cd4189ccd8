import type { LiveAnswer, Question } from "./live-run.ts";
import type { Tested } from "./test-watch.ts";

/** A run that trains, wherever that is: in this thread, or at the other end of a port. */
export interface LiveLink {
  /** @throws what looking throws, and where the run is gone */
  ask<Kind extends Question>(kind: Kind): Promise<LiveAnswer<Kind>>;
  /** @param known the number of the last test that is known: only later ones are told of */
  tested(known: number): Promise<Tested>;
  request(action: "snapshot" | "stop"): Promise<void>;
  scaleRate(factor: number): Promise<void>;
}
