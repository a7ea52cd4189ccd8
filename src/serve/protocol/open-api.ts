import type { Route } from "../../http/router.ts";
import { version } from "../../util/version.ts";

const tensor = {
  type: "object",
  required: ["name", "shape", "datatype"],
  properties: {
    name: { type: "string" },
    shape: { type: "array", items: { type: "integer" } },
    datatype: { type: "string", examples: ["FP32"] },
    parameters: { type: "object" },
    data: { type: "array", description: "elements in one list, or nested by their axes" },
  },
};
const schemas = {
  error: { type: "object", required: ["error"], properties: { error: { type: "string" } } },
  tensor,
  request: {
    type: "object",
    required: ["inputs"],
    properties: {
      id: { type: "string" },
      parameters: { type: "object" },
      inputs: { type: "array", items: { $ref: "#/components/schemas/tensor" } },
      outputs: {
        type: "array",
        items: {
          type: "object",
          required: ["name"],
          properties: { name: { type: "string" }, parameters: { type: "object" } },
        },
      },
    },
  },
  response: {
    type: "object",
    required: ["model_name", "outputs"],
    properties: {
      model_name: { type: "string" },
      model_version: { type: "string" },
      id: { type: "string" },
      outputs: { type: "array", items: { $ref: "#/components/schemas/tensor" } },
    },
  },
  image: {
    type: "object",
    properties: {
      image: { type: "string", contentEncoding: "base64" },
      images: { type: "array", items: { type: "string", contentEncoding: "base64" } },
      top: { type: "integer", default: 5 },
      oversample: { type: "boolean", default: false },
      mask: { type: "boolean", default: false },
    },
  },
  form: {
    type: "object",
    properties: { image: { type: "string", contentMediaType: "application/octet-stream" } },
  },
};

const ref = (name: keyof typeof schemas): object => ({
  schema: { $ref: `#/components/schemas/${name}` },
});

/**
 * The description of all routes.
 * @see https://spec.openapis.org/oas/v3.1.0
 */
export function openApi(routes: readonly Route[]): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const route of routes) {
    const path = route.path.replace(/:(\w+)/g, "{$1}");
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operationOf(route) };
  }
  return {
    openapi: "3.1.0",
    info: { title: "caffe serve", version },
    paths,
    components: { schemas },
  };
}

function operationOf({ method, path, about }: Route): object {
  const names = [...path.matchAll(/:(\w+)/g)].map(([, name = ""]) => name);
  const isInfer = path.endsWith("/infer");
  const content = isInfer
    ? { "application/json": ref("request"), "application/octet-stream": {} }
    : { "image/*": {}, "multipart/form-data": ref("form"), "application/json": ref("image") };
  const answer = isInfer
    ? { "application/json": ref("response"), "application/octet-stream": {} }
    : {};
  return {
    summary: about,
    ...(names.length > 0 && {
      parameters: names.map((name) => {
        return { name, in: "path", required: true, schema: { type: "string" } };
      }),
    }),
    ...(method === "POST" && { requestBody: { required: true, content } }),
    responses: {
      200: { description: about, ...(isInfer && { content: answer }) },
      default: { description: "what is wrong", content: { "application/json": ref("error") } },
    },
  };
}
