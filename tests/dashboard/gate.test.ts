import { hostname } from "node:os";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openDashboard } from "../../src/dashboard/server.ts";
import { silent } from "../../src/util/log.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { rawRequest, recordOf, SOLVER } from "./live.ts";

let dashboard: Awaited<ReturnType<typeof openDashboard>>;
let [origin, token, host] = ["", "", ""];

beforeAll(async () => {
  const folder = temporaryFolder();
  recordOf(folder, SOLVER);
  const listening = { host: "127.0.0.1", port: 0, flag: "--port" };
  dashboard = await openDashboard([folder], listening, silent);
  const url = new URL(dashboard.url);
  [origin, token, host] = [url.origin, url.searchParams.get("token") ?? "", url.host];
});
afterAll(() => dashboard.close());

const bearer = (): Record<string, string> => ({ authorization: `Bearer ${token}` });

describe("without the token", () => {
  test.each([
    "/",
    "/app.js",
    "/api/runs",
    "/api/runs/x/stream",
    "/nothing",
    "/api/runs?token=x",
    "/?token=",
  ])("%s gives 401 and nothing", async (path) => {
    for (const headers of [
      {},
      { authorization: "Bearer x" },
      { authorization: `Basic ${token}` },
      { cookie: "caffe=1" },
    ]) {
      const { status, text } = await rawRequest(origin + path, headers as Record<string, string>);
      expect([status, text]).toEqual([401, ""]);
    }
  });

  test("a token that is cut or longer is none", async () => {
    for (const wrong of [token.slice(1), `${token}x`, token.toUpperCase()]) {
      expect((await rawRequest(`${origin}/?token=${wrong}`, {})).status).toBe(401);
    }
  });

  test("nothing is done", async () => {
    const { status } = await rawRequest(
      `${origin}/api/runs/x/stop`,
      { "content-type": "application/json" },
      "POST",
      "{}",
    );
    expect(status).toBe(401);
  });
});

test("the page's address sets a cookie that no script and no other site has, and leads to the address without the token", async () => {
  const { status, text, headers } = await rawRequest(dashboard.url, {});
  expect(status).toBe(200);
  expect(text).toContain('content="0;url=/"');
  expect(text).not.toContain(token);
  const [cookie = ""] = headers["set-cookie"] as string[];
  expect(cookie).toMatch(/; Path=\/; HttpOnly; SameSite=Strict$/);
  const [pair = ""] = cookie.split(";");
  const asked = await rawRequest(`${origin}/api/runs`, { cookie: `other=1; ${pair}` });
  expect(asked.status).toBe(200);
});

test("every answer keeps other sites out", async () => {
  const { headers } = await rawRequest(`${origin}/api/runs`, bearer());
  expect(headers["content-security-policy"]).toMatch(
    /^default-src 'none'; script-src 'self'.*frame-ancestors 'none'$/,
  );
  expect(headers).toMatchObject({
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
  });
  expect(headers["access-control-allow-origin"]).toBeUndefined();
});

test.each([
  "evil.example",
  "evil.example:80",
  "127.0.0.1.evil.example",
  "localhost.evil.example:8123",
])(
  "a name that somebody's DNS leads here (%s) is refused, whatever comes with it",
  async (name) => {
    const { status, text } = await rawRequest(`${origin}/api/runs`, { ...bearer(), host: name });
    expect(status).toBe(421);
    expect(text).not.toContain('runs"');
  },
);

test.each(["127.0.0.1:9", "localhost", "LOCALHOST:1", "[::1]:80", "10.1.2.3", hostname()])(
  "%s is a name of this machine, also behind a tunnel",
  async (name) => {
    expect((await rawRequest(`${origin}/api/runs`, { ...bearer(), host: name })).status).toBe(200);
  },
);

test.each([
  { origin: "http://evil.example" },
  { origin: "null" },
  { origin: "http://127.0.0.1:1" },
  { "sec-fetch-site": "cross-site" },
  { "sec-fetch-site": "same-site" },
])(
  "a page of another site (%o) can ask nothing, though its browser adds the cookie",
  async (headers) => {
    for (const [path, method] of [
      ["/api/runs", "GET"],
      ["/api/runs/x/stop", "POST"],
    ] as const) {
      const given = { ...bearer(), "content-type": "application/json", ...headers } as Record<
        string,
        string
      >;
      expect(
        (await rawRequest(origin + path, given, method, method === "POST" ? "{}" : "")).status,
      ).toBe(403);
    }
  },
);

test("a form of another site cannot be a POST of JSON", async () => {
  for (const type of [
    "application/x-www-form-urlencoded",
    "text/plain",
    "multipart/form-data; boundary=x",
    "",
  ]) {
    const headers = { ...bearer(), host, ...(type && { "content-type": type }) };
    const { status } = await rawRequest(`${origin}/api/runs/x/stop`, headers, "POST", "{}");
    expect(status, type).toBe(415);
  }
});
