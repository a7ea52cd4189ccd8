import type { Exchange, LiveReply, Reply } from "./exchange.ts";
import { HttpError } from "./http-error.ts";

/** Parts of a path by the names that stand in its pattern. */
export type PathParts = Readonly<Record<string, string | undefined>>;

/** What is answered under a path. */
export interface Route {
  readonly method: "GET" | "POST";
  /** `/v2/models/:name/infer`: a part behind a colon is any one. */
  readonly path: string;
  /** What it is for, in a few words. */
  readonly about: string;
  readonly answer: (exchange: Exchange, parts: PathParts) => Answer | Promise<Answer>;
}

export type Answer = Reply | LiveReply;

/** What answers every request of a server. */
export interface Answerer {
  /** @throws HttpError that refuses it */
  answer(exchange: Exchange): Promise<Answer>;
}

interface Compiled {
  readonly route: Route;
  readonly pattern: RegExp;
}

/** Finds the route of a request. */
export class Router implements Answerer {
  readonly #routes: readonly Compiled[];
  readonly #overview: string;

  /** @param overview where a client that is lost learns what there is: a sentence */
  constructor(routes: readonly Route[], overview: string) {
    this.#overview = overview;
    this.#routes = routes.map((route) => ({
      route,
      pattern: new RegExp(`^${route.path.replace(/:(\w+)/g, "(?<$1>[^/]+)")}/?$`),
    }));
  }

  /**
   * Answers a request; HEAD as GET.
   * @throws HttpError 404 where there is no such path, 405 where it is asked otherwise, 400 where it is no path
   */
  async answer(exchange: Exchange): Promise<Answer> {
    const method = exchange.method === "HEAD" ? "GET" : exchange.method;
    const others: string[] = [];
    for (const { route, pattern } of this.#routes) {
      const found = pattern.exec(exchange.path);
      if (!found) continue;
      if (route.method === method) return await route.answer(exchange, decoded(found.groups ?? {}));
      others.push(route.method);
    }
    if (others.length === 0) {
      throw new HttpError(404, `there is nothing under this path. ${this.#overview}`);
    }
    const allowed = others.join(", ");
    throw new HttpError(405, `this path takes no ${exchange.method}. Expected ${allowed}.`, {
      allow: allowed,
    });
  }
}

function decoded(parts: PathParts): PathParts {
  try {
    return Object.fromEntries(
      Object.entries(parts).map(([name, part]) => [name, decodeURIComponent(part ?? "")]),
    );
  } catch (error) {
    throw new HttpError(400, "the path is no UTF-8 behind its % signs.", {}, { cause: error });
  }
}
