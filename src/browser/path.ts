/** What of node:path the library calls, for a page: paths are POSIX, and begin at its root. */

export function join(...parts: readonly string[]): string {
  return normal(parts.filter((part) => part !== "").join("/")) || ".";
}

export function resolve(...parts: readonly string[]): string {
  const from = parts.findLastIndex((part) => part.startsWith("/"));
  return `/${normal(parts.slice(Math.max(0, from)).join("/")).replace(/^\/+/, "")}`;
}

export function dirname(path: string): string {
  const at = path.lastIndexOf("/");
  return at < 0 ? "." : path.slice(0, at) || "/";
}

export function basename(path: string, ending = ""): string {
  const name = path.slice(path.lastIndexOf("/") + 1);
  return ending !== "" && name.endsWith(ending) ? name.slice(0, -ending.length) : name;
}

export function extname(path: string): string {
  const name = basename(path);
  const at = name.lastIndexOf(".");
  return at > 0 ? name.slice(at) : "";
}

export function parse(path: string): { dir: string; base: string; ext: string; name: string } {
  const [base, ext] = [basename(path), extname(path)];
  return { dir: path.includes("/") ? dirname(path) : "", base, ext, name: basename(base, ext) };
}

/** Without `.`, `..` and doubled slashes. */
function normal(path: string): string {
  const kept: string[] = [];
  for (const part of path.split("/")) {
    if (part === "" || part === ".") continue;
    if (part === ".." && kept.length > 0 && kept.at(-1) !== "..") kept.pop();
    else if (part !== ".." || !path.startsWith("/")) kept.push(part);
  }
  return (path.startsWith("/") ? "/" : "") + kept.join("/");
}
