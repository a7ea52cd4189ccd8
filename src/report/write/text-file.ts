/** A text as the bytes of a file. */
export function textFile(text: string): readonly Uint8Array[] {
  return [new TextEncoder().encode(text)];
}
