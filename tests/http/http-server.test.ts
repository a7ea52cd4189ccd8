import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { expect, test } from "vitest";
import { jsonReply } from "../../src/http/exchange.ts";
import { HttpServer } from "../../src/http/http-server.ts";
import { Router } from "../../src/http/router.ts";

const REQUEST = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

test("where there are as many connections as there may be, idle ones make room", async () => {
  const router = new Router(
    [{ method: "GET", path: "/", about: "a test", answer: () => jsonReply({ ok: true }) }],
    "GET / is all.",
  );
  const limits = { maxConnections: 2, receiveTimeout: 5000, answerTimeout: 5000 };
  const server = await HttpServer.listen(
    router,
    { host: "127.0.0.1", port: 0, ...limits },
    () => {},
  );
  const { port } = new URL(server.url);
  const opened = async (): Promise<Socket> => {
    const socket = connect(Number(port), "127.0.0.1");
    socket.on("error", () => {});
    await once(socket, "connect");
    return socket;
  };
  const answered = async (socket: Socket): Promise<string> => {
    socket.write(REQUEST);
    const [bytes] = await once(socket, "data");
    return String(bytes);
  };
  try {
    const idle = [await opened(), await opened()];
    for (const socket of idle) {
      const text = await answered(socket);
      expect(text).toContain("200 OK");
      // Longer than a busy machine may hold up who sends the next request, and told once.
      expect(text.match(/^keep-alive:.*$/gim)).toEqual(["keep-alive: timeout=60"]);
    }
    const ends = idle.map((socket) => once(socket, "close"));
    const refused = await opened();
    await once(refused, "close");
    await Promise.all(ends);
    expect(await answered(await opened())).toContain("200 OK");
  } finally {
    await server.close(0);
  }
});

test("a body arrives byte for byte, be it small enough for one piece with its head or not", async () => {
  const bodyOf = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => 7 * i);
  const router = new Router(
    [
      {
        ...{ method: "GET", path: "/:length", about: "a test" },
        answer: (_, { length }) => ({ type: "a/b", body: bodyOf(Number(length)) }),
      },
    ],
    "GET /5 is all.",
  );
  const limits = { maxConnections: 9, receiveTimeout: 5000, answerTimeout: 5000 };
  const server = await HttpServer.listen(
    router,
    { host: "127.0.0.1", port: 0, ...limits },
    () => {},
  );
  try {
    for (const length of [0, 1, 300, 8192, 8193]) {
      const response = await fetch(`${server.url}/${length}`);
      expect(response.headers.get("content-length")).toBe(`${length}`);
      expect(new Uint8Array(await response.arrayBuffer())).toEqual(bodyOf(length));
      const head = await fetch(`${server.url}/${length}`, { method: "HEAD" });
      expect(head.headers.get("content-length")).toBe(`${length}`);
    }
  } finally {
    await server.close(0);
  }
});
