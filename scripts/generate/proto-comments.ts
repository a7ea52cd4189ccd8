import { readFileSync } from "node:fs";
import protobuf from "protobufjs";

/** A heading over several fields, which stands before the first of them, and what stands before a field's own comment. */
const HEADING = /^Written by forks\.$/;
const ORIGIN = /^(?:Written by forks|Our own|Ours|Not Caffe's)[.:,]\s+/;

/** The schema with its comments. */
export function commentedSchema(): protobuf.Root {
  return protobuf.parse(readFileSync("proto/caffe.proto", "utf8"), {
    keepCase: true,
    alternateCommentMode: true,
  }).root;
}

/** What a comment says of a field, on one line; nothing where there is none, or one of several fields. */
export function meaningOf({ comment }: protobuf.Field): string {
  const text = (comment ?? "").replace(/\s+/g, " ").trim();
  if (HEADING.test(text)) return "";
  const meaning = text.replace(ORIGIN, "").replace("fillers.md", "[Fillers](fillers.md)");
  return meaning.replace(/^[a-z]/, (letter) => letter.toUpperCase());
}
