import { connect } from "node:net";
import { afterEach, expect, test } from "vitest";
import type { EventStream } from "../../src/http/event-stream.ts";
import { HttpServer } from "../../src/http/http-server.ts";
import { Router } from "../../src/http/router.ts";

const open: HttpServer[] = [];

afterEach(async () => {
  for (const server of open.splice(0)) await server.close(0);
});

/** A server of one stream, and the streams that clients have opened. */
async function streaming(): Promise<{ url: string; streams: EventStream[] }> {
  const streams: EventStream[] = [];
  const live = (stream: EventStream): void => void streams.push(stream);
  const route = {
    method: "GET",
    path: "/live",
    about: "a stream",
    answer: () => ({ live }),
  } as const;
  const limits = { maxConnections: 8, receiveTimeout: 5000, answerTimeout: 5000 };
  const server = await HttpServer.listen(
    new Router([route], ""),
    { host: "127.0.0.1", port: 0, ...limits },
    () => {},
  );
  open.push(server);
  return { url: server.url, streams };
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5));
}

test("a client gets events as they come, and its leaving is noticed", async () => {
  const { url, streams } = await streaming();
  const controller = new AbortController();
  const response = await fetch(`${url}/live`, { signal: controller.signal });
  expect(response.headers.get("content-type")).toBe("text/event-stream");
  await until(() => streams.length === 1);
  let isGone = false;
  streams[0]?.whenGone(() => {
    isGone = true;
  });
  streams[0]?.send("events", { text: "two\nlines" });
  const reader = response.body?.getReader();
  const { value } = (await reader?.read()) ?? {};
  expect(new TextDecoder().decode(value)).toBe('event: events\ndata: {"text":"two\\nlines"}\n\n');
  controller.abort();
  await until(() => isGone);
  expect(streams[0]?.isGone).toBe(true);
});

test("a client that reads nothing is let go, and holds no memory", async () => {
  const { url, streams } = await streaming();
  const { port } = new URL(url);
  const socket = connect(Number(port), "127.0.0.1").pause();
  socket.on("error", () => {});
  socket.write("GET /live HTTP/1.1\r\nHost: x\r\n\r\n");
  await until(() => streams.length === 1);
  const [stream] = streams as [EventStream];
  const text = "x".repeat(2 ** 18);
  let sent = 0;
  while (!stream.isGone && sent < 200) {
    stream.send("events", { text });
    sent++;
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  expect(stream.isGone).toBe(true);
  socket.destroy();
});

test("the end of the server is the end of its streams", async () => {
  const { url, streams } = await streaming();
  const response = await fetch(`${url}/live`);
  await until(() => streams.length === 1);
  await open.pop()?.close(0);
  await expect(response.text()).rejects.toThrow();
  await until(() => streams[0]?.isGone === true);
});
