import type { Three, WindowGeometry } from "./window-geometry.ts";

/** Inputs of a strided convolution that meet the same kernel elements, along one axis. */
interface AxisPhase {
  /** The first such kernel element, and how many there are. */
  readonly firstTap: number;
  readonly taps: number;
  /** The first such input, and how many there are. */
  readonly firstInput: number;
  readonly inputs: number;
  /** The output that the first kernel element leads to from the first input; may lie outside. */
  readonly firstOutput: number;
}

/** The phases of a convolution's gradient of data: see convolution-data.wgsl. */
interface Phases {
  readonly count: number;
  /** The most inputs of an image and the most kernel elements of a channel that one has. */
  readonly inputs: number;
  readonly taps: number;
  /** From one of a phase's kernel elements to the next, and from one's output back to the next's. */
  readonly tapStep: Three;
  readonly outputStep: Three;
  /** Of each phase the six vectors that the kernel reads. */
  rows(batch: number, outputs: number): readonly (readonly number[])[];
}

/** Splits the inputs by their place modulo the stride. */
export function phasesOf(g: WindowGeometry): Phases {
  const axes = ([0, 1, 2] as const).map((axis) => axisPhases(g, axis));
  const [first = [], second = [], third = []] = axes;
  const all = first.flatMap((a) => second.flatMap((b) => third.map((c) => [a, b, c] as const)));
  const product = (of: (phase: AxisPhase) => number, phases: readonly AxisPhase[]): number =>
    phases.reduce((total, phase) => total * of(phase), 1);
  const inputsOf = (phases: readonly AxisPhase[]): number => product((p) => p.inputs, phases);
  const tapsOf = (phases: readonly AxisPhase[]): number => product((p) => p.taps, phases);
  const step = (of: (axis: 0 | 1 | 2) => number): Three => [of(0), of(1), of(2)];
  return {
    count: all.length,
    inputs: Math.max(0, ...all.map(inputsOf)),
    taps: Math.max(0, ...all.map(tapsOf)),
    tapStep: step((axis) => g.stride[axis] / common(g.stride[axis], g.dilation[axis])),
    outputStep: step((axis) => g.dilation[axis] / common(g.stride[axis], g.dilation[axis])),
    rows: (batch, outputs) =>
      all.flatMap((phases) => {
        const vector = (of: (phase: AxisPhase) => number): number[] => [...phases.map(of), 0];
        return [
          [batch * inputsOf(phases), outputs * tapsOf(phases), 0, 0],
          vector((p) => p.firstTap),
          // Nothing is counted by an axis without elements, but a division by its length stands there.
          vector((p) => Math.max(1, p.taps)),
          vector((p) => Math.max(1, p.inputs)),
          vector((p) => p.firstOutput),
          vector((p) => p.firstInput),
        ];
      }),
  };
}

/** Phases without inputs are left out. */
function axisPhases(g: WindowGeometry, axis: 0 | 1 | 2): readonly AxisPhase[] {
  const [stride, pad, dilation] = [g.stride[axis], g.pad[axis], g.dilation[axis]];
  const [kernel, input] = [g.kernel[axis], g.input[axis]];
  const tapStep = stride / common(stride, dilation);
  return Array.from({ length: Math.min(stride, input) }, (_, firstInput): AxisPhase => {
    const meets = (tap: number): boolean => (firstInput + pad - tap * dilation) % stride === 0;
    const found = Array.from({ length: Math.min(tapStep, kernel) }, (_, tap) => tap).find(meets);
    const firstTap = found ?? 0;
    return {
      firstTap,
      taps: found === undefined ? 0 : Math.ceil((kernel - firstTap) / tapStep),
      firstInput,
      inputs: Math.ceil((input - firstInput) / stride),
      firstOutput: found === undefined ? 0 : (firstInput + pad - firstTap * dilation) / stride,
    };
  });
}

/** The greatest common divisor. */
function common(a: number, b: number): number {
  return b === 0 ? a : common(b, a % b);
}
