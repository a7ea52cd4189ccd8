import { FormatError } from "../../util/errors.ts";

/** An element: its name, the text in it, and the elements in it. */
export interface XmlElement {
  readonly name: string;
  readonly text: string;
  readonly children: readonly XmlElement[];
}

/** Deeper nesting is no annotation of anything. */
const MOST_NESTED = 100;

const ENTITIES: Readonly<Record<string, string>> = {
  lt: "<",
  gt: ">",
  amp: "&",
  quot: '"',
  apos: "'",
};

/** What a text is made of: comments, instructions, quoted text, tags, and text between them. */
const TOKEN =
  /<!--[\s\S]*?-->|<\?[\s\S]*?\?>|<!\[CDATA\[([\s\S]*?)\]\]>|<![^>]*>|<(\/?)([^\s/<>]+)(?:[^<>"']|"[^"]*"|'[^']*')*?(\/?)>|([^<]+)|</g;

/**
 * Reads XML as programs that label images write it; attributes are passed over.
 * @param source names the file, for messages
 * @throws FormatError where elements do not fit together, with the line
 */
export function parseXml(text: string, source: string): XmlElement {
  const root = { name: "", text: "", children: [] as XmlElement[] };
  const open: { name: string; text: string; children: XmlElement[] }[] = [root];
  const refuse = (problem: string, at: number): never => {
    const line = text.slice(0, at).split("\n").length;
    throw new FormatError(`${source}:${line}: ${problem}`);
  };
  for (const match of text.matchAll(TOKEN)) {
    const [token, quoted, slash, name, isEmpty, plain] = match;
    const inner = open.at(-1) ?? root;
    if (plain !== undefined) inner.text += unescaped(plain);
    else if (quoted !== undefined) inner.text += quoted;
    else if (token === "<") refuse("a tag does not end. Expected XML.", match.index);
    else if (name !== undefined && slash === "/") {
      if (open.length < 2 || inner.name !== name) {
        refuse(`</${name}> closes <${inner.name}>. Expected </${inner.name}>.`, match.index);
      }
      open.pop();
    } else if (name !== undefined) {
      const element = { name, text: "", children: [] };
      inner.children.push(element);
      if (isEmpty !== "/" && open.push(element) > MOST_NESTED) {
        refuse(`elements are nested more than ${MOST_NESTED} deep.`, match.index);
      }
    }
  }
  if (open.length > 1) refuse(`<${open.at(-1)?.name}> is not closed.`, text.length);
  const [first] = root.children;
  if (!first) throw new FormatError(`${source}: it holds no element. Expected XML.`);
  return first;
}

function unescaped(text: string): string {
  return text.replace(/&(?:#(\d+)|#x([\da-f]+)|(\w+));/gi, (whole, decimal, hex, name) => {
    if (name !== undefined) return ENTITIES[name] ?? whole;
    const code = decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal);
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}

/** The text of the first element of that name in an element, without white space around it; undefined where there is none. */
export function textOf({ children }: XmlElement, name: string): string | undefined {
  return children.find((child) => child.name === name)?.text.trim();
}
