/** What is asked of a layer to be paired: its name, and how many blobs it has. */
interface Named {
  readonly name: string;
  readonly blobs: readonly unknown[];
}

/**
 * Pairs layers with those of the same name elsewhere: of several of one name the first with the first, and so on, and the
 * last takes what is left. Layers without blobs count only where a name has no others.
 */
export function pairByName<S extends Named, T extends Named>(
  sources: readonly S[],
  targets: readonly T[],
): (readonly [source: S, target: T | undefined])[] {
  const left = new Map<string, T[]>();
  for (const target of learned(targets)) {
    const group = left.get(target.name);
    if (group) group.push(target);
    else left.set(target.name, [target]);
  }
  return learned(sources).map((source) => {
    const group = left.get(source.name) ?? [];
    return [source, group.length > 1 ? group.shift() : group[0]] as const;
  });
}

/** Without those that have no blobs while another of the name has. */
function learned<L extends Named>(layers: readonly L[]): L[] {
  const names = new Set(layers.filter(({ blobs }) => blobs.length > 0).map(({ name }) => name));
  return layers.filter(({ name, blobs }) => blobs.length > 0 || !names.has(name));
}
