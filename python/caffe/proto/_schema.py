"""Makes Python's classes of a serialized schema, with any protobuf from 3.12 on."""

import base64

from google.protobuf import descriptor_pool, message_factory
from google.protobuf.internal.enum_type_wrapper import EnumTypeWrapper


def publish(namespace, encoded):
    """Puts a schema's messages, enums and the enums' values into a module.

    namespace: the module's `globals()`.
    encoded: a FileDescriptorProto, serialized, in base64.
    """
    # A pool of its own: in the common one another program's caffe.proto would collide with this.
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(base64.b64decode(encoded))
    schema = pool.FindFileByName("caffe.proto")
    if hasattr(message_factory, "GetMessageClass"):
        class_of = message_factory.GetMessageClass
    else:
        class_of = message_factory.MessageFactory(pool).GetPrototype
    namespace["DESCRIPTOR"] = schema
    for name, enum in schema.enum_types_by_name.items():
        namespace[name] = EnumTypeWrapper(enum)
        namespace.update((value.name, value.number) for value in enum.values)
        namespace["_" + name.upper()] = enum
    for name, message in schema.message_types_by_name.items():
        namespace[name] = class_of(message)
        # pickle finds a class by its module.
        namespace[name].__module__ = namespace["__name__"]
        # Descriptors by the names of protoc's modules, which scripts read the names of enums from.
        prefix = "_" + name.upper()
        namespace[prefix] = message
        for inner, enum in message.enum_types_by_name.items():
            namespace[prefix + "_" + inner.upper()] = enum
