/** The colour of what a layer does, as `api.ts` names it. */
export function roleColour(role: string): string {
  const colours: Readonly<Record<string, string>> = {
    source: "--c2",
    input: "--c2",
    constant: "--c2",
    result: "--c5",
    learned: "--c0",
    window: "--c1",
    normalization: "--c3",
    activation: "--c6",
  };
  return `var(${colours[role] ?? "--c8"})`;
}
