import { jsonReply } from "../../http/exchange.ts";
import { HttpError } from "../../http/http-error.ts";
import type { Route } from "../../http/router.ts";
import { errorOf } from "../../util/failure.ts";
import type { Picture, Shown } from "../models/messages.ts";
import { readPictures } from "../protocol/picture-request.ts";
import { VERBS } from "../protocol/verbs.ts";
import { modelOf, type Served } from "./served.ts";

/** Crops of a picture that is oversampled: corners and centre, mirrored too. */
const CROPS = 10;

/** The routes that say what pictures show, as the commands of the same names do. */
export function pictureRoutes(served: Served): Route[] {
  return Object.entries(VERBS).map(([task, verb]) => ({
    method: "POST",
    path: `/v2/models/:name/${verb}`,
    about: `what pictures show, as caffe ${verb} says it`,
    answer: async (exchange, parts) => {
      const { name, facts } = modelOf(served, exchange, parts);
      if (facts.task !== task) {
        const there = facts.task === undefined ? "infer" : VERBS[facts.task];
        throw new HttpError(404, `model "${name}" does not ${verb}. Expected …/${there}.`);
      }
      const body = await served.bodies.read(exchange);
      try {
        const model = modelOf(served, exchange, parts);
        const type = exchange.request.headers["content-type"] ?? "";
        const sent = await readPictures(body.bytes, type, exchange.query, served);
        const answers = await Promise.all(
          sent.map(({ picture }) => {
            const rows = model.facts.joinsPictures ? rowsOf(picture) : 0;
            return model.ask({ inputs: {}, rows, pictures: [picture] }, exchange);
          }),
        );
        return jsonReply({
          model_name: name,
          model_version: String(answers[0]?.version),
          pictures: answers.map(({ shown }, i) => {
            const file = sent[i]?.file;
            return { ...(file !== undefined && { file }), ...saidOf(shown?.[0]) };
          }),
        });
      } finally {
        body.release();
      }
    },
  }));
}

/** Rows of a pass that a picture takes: its crops. */
function rowsOf({ oversample }: Picture): number {
  return oversample ? CROPS : 1;
}

function saidOf(shown: Shown | undefined): object {
  if (shown && "failure" in shown) throw errorOf(shown.failure);
  return shown?.said ?? {};
}
