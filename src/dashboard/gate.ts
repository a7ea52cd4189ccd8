import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { isIP } from "node:net";
import { hostname } from "node:os";
import type { Exchange } from "../http/exchange.ts";
import { HttpError } from "../http/http-error.ts";
import type { Answer, Answerer } from "../http/router.ts";

/** A new secret: who has it may look at the runs and steer the live one. */
export function newToken(): string {
  return randomBytes(24).toString("base64url");
}

/** What a page of this server may load: nothing of another one's, and no script that stands within the page. */
const POLICY = [
  "default-src 'none'",
  ...["script-src", "style-src", "connect-src", "font-src"].map((what) => `${what} 'self'`),
  "img-src 'self' data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

const HEADERS: Readonly<Record<string, string>> = {
  "content-security-policy": POLICY,
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "cache-control": "no-store",
  "x-frame-options": "DENY",
};

/**
 * Stands before everything that the dashboard answers:
 *
 * - a request has to have the token: a cookie, `Authorization: Bearer`, or `?token=` in the page's address, which sets the
 *   cookie. Who has none gets 401 and nothing else.
 * - its Host has to be an address, localhost or this machine: a name that somebody else's DNS leads here (rebinding) is refused
 * - what another site's page sends is refused, though the browser may add the cookie; so is a POST that is no JSON, for a form
 *   can send anything else without asking
 */
export class Gate implements Answerer {
  readonly #inner: Answerer;
  readonly #digest: Buffer;
  readonly #cookie: string;
  readonly #token: string;
  readonly #host: string;

  /** @param host where the server listens, as it was asked to */
  constructor(inner: Answerer, token: string, host: string) {
    this.#inner = inner;
    this.#token = token;
    this.#host = host.toLowerCase();
    this.#digest = digestOf(token);
    // Cookies know no ports: each server of a machine has one of its own.
    this.#cookie = `caffe-${this.#digest.toString("hex").slice(0, 12)}`;
  }

  async answer(exchange: Exchange): Promise<Answer> {
    const { path, query, method, request } = exchange;
    if (!this.#isKnownHost(request.headers.host)) {
      throw new HttpError(
        421,
        "this server does not answer to that name. Expected its address, localhost or the name of its machine.",
      );
    }
    const isPage = path === "/" && (method === "GET" || method === "HEAD");
    const inAddress = isPage ? query.get("token") : null;
    if (inAddress !== null && this.#isToken(inAddress)) return this.#welcome();
    if (!this.#hasToken(exchange))
      return { status: 401, type: "text/plain", body: "", headers: HEADERS };
    checkOrigin(exchange, isPage);
    const answer = await this.#inner.answer(exchange);
    return { ...answer, headers: { ...HEADERS, ...answer.headers } };
  }

  /** Sets the cookie and leads to the address without the token, which then stands in no history and no picture of the screen. */
  #welcome(): Answer {
    // A redirect would not do: a strict cookie does not come along where another site's link was followed.
    return {
      type: "text/html; charset=utf-8",
      body: '<!doctype html><meta charset="utf-8"><meta http-equiv="refresh" content="0;url=/"><title>caffe</title>',
      headers: {
        ...HEADERS,
        "set-cookie": `${this.#cookie}=${this.#token}; Path=/; HttpOnly; SameSite=Strict`,
      },
    };
  }

  #hasToken({ request: { headers } }: Exchange): boolean {
    const [, bearer] = /^Bearer (\S+)$/i.exec(headers.authorization ?? "") ?? [];
    if (bearer !== undefined) return this.#isToken(bearer);
    const cookies = (headers.cookie ?? "").split(/;\s*/);
    const own = cookies.filter((one) => one.startsWith(`${this.#cookie}=`));
    return own.some((one) => this.#isToken(one.slice(this.#cookie.length + 1)));
  }

  /** Takes as long whatever is given: digests are compared, of one length and all of it. */
  #isToken(given: string): boolean {
    return timingSafeEqual(digestOf(given), this.#digest);
  }

  #isKnownHost(header: string | undefined): boolean {
    const name = (header ?? "").toLowerCase().replace(/:\d+$/, "");
    if (name === "localhost" || name === this.#host || name === hostname().toLowerCase())
      return true;
    return isIP(name.replace(/^\[(.*)\]$/, "$1")) !== 0;
  }
}

function digestOf(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

/** @throws HttpError 403 where a page of another site asks, 415 where a POST is no JSON */
function checkOrigin({ method, request: { headers } }: Exchange, isPage: boolean): void {
  const { origin, host } = headers;
  const site = headers["sec-fetch-site"];
  const isForeign =
    (origin !== undefined && origin !== `http://${host}`) ||
    (site !== undefined && site !== "same-origin" && site !== "none");
  // Another site may lead to the page, but not read it.
  if (isForeign && !isPage) throw new HttpError(403, "another site's page may not ask this.");
  if (method !== "POST") return;
  const type = (headers["content-type"] ?? "").split(";")[0]?.trim().toLowerCase();
  if (type !== "application/json") {
    throw new HttpError(415, "a POST is JSON here. Expected Content-Type: application/json.");
  }
}
