/**
 * A key for each layer of a net, by which states, random streams and the like are kept: its name, and for layers that
 * come after one of the same name `<name>#2`, `<name>#3`, … (the next number, where that is another layer's name).
 */
export function layerKeys(names: readonly string[]): string[] {
  const taken = new Set(names);
  const seen = new Set<string>();
  return names.map((name) => {
    let key = name;
    if (seen.has(name)) for (let k = 2; taken.has(key); k++) key = `${name}#${k}`;
    seen.add(name);
    taken.add(key);
    return key;
  });
}
