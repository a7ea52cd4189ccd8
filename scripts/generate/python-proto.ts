import { readFileSync } from "node:fs";
import protobuf from "protobufjs";
import descriptor from "protobufjs/ext/descriptor.js";

const FILE = "proto/caffe.proto";
/** Characters of a line of the Python file. */
const LINE = 96;

/** The schema for Python's protobuf, as the module `caffe_pb2` of pycaffe, by its path. */
export function pythonProtoFiles(): Record<string, string> {
  const encoded = Buffer.from(fileDescriptor()).toString("base64");
  const lines = encoded.match(new RegExp(`.{1,${LINE}}`, "g")) ?? [];
  return {
    "python/caffe/proto/caffe_pb2.py": `# Made from ${FILE} by npm run gen:code; change it there.
"""The messages and enums of caffe.proto."""

from caffe.proto._schema import publish

publish(globals(), """
${lines.join("\n")}
""")
`,
  };
}

/** The schema as protoc describes it to other programs: a serialized FileDescriptorProto. */
function fileDescriptor(): Uint8Array {
  const { root } = protobuf.parse(readFileSync(FILE, "utf8"), { keepCase: true });
  root.resolveAll();
  const { file: [file] = [] } = root.toDescriptor("proto2");
  if (!file?.messageType) throw new Error(`${FILE}: no messages to describe.`);
  for (const { name, field: fields = [], nestedType } of file.messageType) {
    const type = root.lookupType(`caffe.${name}`);
    if (nestedType?.length) throw new Error(`${FILE}: ${name} has a message within it.`);
    for (const field of fields) {
      // Python resolves names from the outside in, so that a short one may mean another type.
      const { resolvedType } = type.fields[field.name ?? ""]!;
      if (resolvedType) field.typeName = resolvedType.fullName;
    }
  }
  return descriptor.FileDescriptorProto.encode(file).finish();
}
