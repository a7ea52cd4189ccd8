import type { LSTMUnitDescriptor, LSTMUnitOp } from "../engine.ts";

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

/** One step of a long short-term memory, stream by stream. */
export function referenceLSTMUnit({ batch, hidden: D }: LSTMUnitDescriptor): LSTMUnitOp {
  /** σ(i), σ(f), σ(o), tanh(g) of each stream. */
  const values = new Float64Array(batch * 4 * D);
  return {
    forward(beforeMem, gatesMem, contMem, cMem, hMem) {
      const [before, gates, cont] = [beforeMem.cpu(), gatesMem.cpu(), contMem.cpu()];
      const [c, h] = [cMem.overwriteCpu(), hMem.overwriteCpu()];
      for (let n = 0; n < batch; n++) {
        const at = n * 4 * D;
        for (let d = 0; d < D; d++) {
          const [i, f, o] = [
            sigmoid(gates[at + d]!),
            sigmoid(gates[at + D + d]!),
            sigmoid(gates[at + 2 * D + d]!),
          ];
          const g = Math.tanh(gates[at + 3 * D + d]!);
          const kept = cont[n] === 0 ? 0 : cont[n]! * f * before[n * D + d]!;
          const cell = kept + i * g;
          c[n * D + d] = cell;
          h[n * D + d] = o * Math.tanh(cell);
          values[at + d] = i;
          values[at + D + d] = f;
          values[at + 2 * D + d] = o;
          values[at + 3 * D + d] = g;
        }
      }
    },
    backward(beforeMem, _gates, contMem, cMem, _h, dcMem, dhMem, dBeforeMem, dGatesMem) {
      const [before, cont, c, dc, dh] = [
        beforeMem.cpu(),
        contMem.cpu(),
        cMem.cpu(),
        dcMem.cpu(),
        dhMem.cpu(),
      ];
      const [dBefore, dGates] = [dBeforeMem.overwriteCpu(), dGatesMem.overwriteCpu()];
      for (let n = 0; n < batch; n++) {
        const at = n * 4 * D;
        for (let d = 0; d < D; d++) {
          const [i, f] = [values[at + d]!, values[at + D + d]!];
          const [o, g] = [values[at + 2 * D + d]!, values[at + 3 * D + d]!];
          const k = n * D + d;
          const tanhC = Math.tanh(c[k]!);
          const dCell = dc[k]! + dh[k]! * o * (1 - tanhC * tanhC);
          const kept = cont[n] === 0 ? 0 : cont[n]! * dCell;
          dBefore[k] = kept * f;
          dGates[at + d] = dCell * g * i * (1 - i);
          dGates[at + D + d] = kept * before[k]! * f * (1 - f);
          dGates[at + 2 * D + d] = dh[k]! * tanhC * o * (1 - o);
          dGates[at + 3 * D + d] = dCell * i * (1 - g * g);
        }
      }
    },
  };
}
