/** What the library does in the thread that asks. */
type LibraryHere = typeof import("./tree-file.ts") & typeof import("./row-file.ts");

/**
 * The library in the thread that asks: nowhere, since it takes a wait to start it, and who requires a module cannot wait. Where sources
 * run as they are and no thread can be, as in tests, another module stands in place of this one.
 */
export const here: LibraryHere | undefined = undefined;
