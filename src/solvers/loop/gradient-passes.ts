import type { Net } from "../../net/net.ts";
import type { LayerCallback } from "../../net/run/layer-runner.ts";
import type { Loss } from "../../net/run/loss.ts";
import type { NetTurn } from "../../net/run/net-turn.ts";

/** The passes of one iteration, as its solver wants them. */
interface GradientPasses {
  /** How many there are; their gradients add up. */
  readonly count: number;
  /** Takes in what each of them loses. */
  readonly loss: Loss;
  readonly withDebugInfo: boolean;
  /** Looks at the loss of all of them; left out where that has to wait for others. */
  readonly readLoss?: () => Promise<void>;
  /** What the last backward pass tells of each layer whose gradients are there. */
  readonly update: () => LayerCallback | undefined;
}

/**
 * Makes the gradients of one iteration: forward and backward passes, from zero.
 * @returns whether the loss has been read, which is so where no device had to be waited for
 */
export async function runGradientPasses(
  net: Net,
  turn: NetTurn,
  { count, loss, withDebugInfo, readLoss, update }: GradientPasses,
): Promise<boolean> {
  const { debugInfo } = net;
  net.clearParamDiffs();
  net.debugInfo ||= withDebugInfo;
  try {
    let isRead = false;
    for (let pass = 1; pass <= count; pass++) {
      const isLast = pass === count;
      await turn.forward(loss);
      // A loss on the host is read at once, while the blobs still hold what made it.
      isRead = isLast && loss.isKnown && readLoss !== undefined;
      if (isRead) await readLoss?.();
      await turn.backward(undefined, undefined, isLast ? update() : undefined);
    }
    return isRead;
  } finally {
    if (net.isOpen) net.debugInfo = debugInfo;
  }
}
