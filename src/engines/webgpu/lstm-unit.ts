import { SyncedMem } from "../../syncedmem/synced-mem.ts";
import type { LSTMUnitDescriptor, LSTMUnitOp } from "../engine.ts";
import { groupsFor, uniforms } from "./dispatch.ts";
import type { Scope } from "./scope.ts";
import { lstmUnit as code } from "./shaders.ts";

/** One step of a long short-term memory; the gates' values are kept for backward. */
export function webgpuLSTMUnit(scope: Scope, { batch, hidden }: LSTMUnitDescriptor): LSTMUnitOp {
  const params = uniforms([], [batch, hidden]);
  const values = new SyncedMem(4 * batch * hidden);
  const groups = groupsFor(batch * hidden);
  return {
    forward(before, gates, cont, c, h) {
      const inputs = [before, cont, gates].map((mem) => scope.read(mem));
      const outputs = [values, c, h].map((mem) => scope.write(mem));
      scope
        .kernel({ name: "LSTM unit", code, entry: "forward", arrays: "rrrwww" })
        .run([...inputs, ...outputs], params, groups);
    },
    backward(before, _gates, cont, c, _h, dc, dh, dBefore, dGates) {
      const inputs = [before, cont].map((mem) => scope.read(mem));
      const kept = scope.update(values);
      const more = [c, dc, dh].map((mem) => scope.read(mem));
      const outputs = [dBefore, dGates].map((mem) => scope.write(mem));
      scope
        .kernel({ name: "LSTM unit, gradient", code, entry: "backward", arrays: "rr.w..rrrww" })
        .run([...inputs, kept, ...more, ...outputs], params, groups);
    },
  };
}
