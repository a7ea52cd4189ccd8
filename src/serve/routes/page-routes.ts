import { type Exchange, jsonReply, type Reply } from "../../http/exchange.ts";
import type { Route } from "../../http/router.ts";
import { PAGE_SCRIPT } from "../page/script.ts";
import { serverPage } from "../page/server-page.ts";
import { openApi } from "../protocol/open-api.ts";
import type { Served } from "./served.ts";

/** The routes for people and for what watches the server. @param others the other routes, which the description tells of */
export function pageRoutes(served: Served, others: readonly Route[]): Route[] {
  const text = (type: string, make: (exchange: Exchange) => string): Route["answer"] => {
    return (exchange): Reply => ({ type: `${type}; charset=utf-8`, body: make(exchange) });
  };
  const own: Route[] = [
    {
      ...{ method: "GET", path: "/metrics", about: "counts and times, for Prometheus" },
      answer: text("text/plain; version=0.0.4", () =>
        served.metrics.text([...served.models.values()]),
      ),
    },
    {
      ...{ method: "GET", path: "/", about: "a page to drop a picture on" },
      answer: text("text/html", () => serverPage([...served.models.values()])),
    },
    {
      ...{ method: "GET", path: "/page.js", about: "that page's script" },
      answer: text("text/javascript", () => PAGE_SCRIPT),
    },
  ];
  const description: Route = {
    ...{ method: "GET", path: "/openapi.json", about: "this description" },
    answer: () => jsonReply(openApi([...others, ...own, description])),
  };
  return [...own, description];
}
