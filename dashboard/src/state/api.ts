import { signal } from "@preact/signals";
import type { Problem } from "../../../src/dashboard/api.ts";

/** Whether the server answers: `lost` while it does not, `refused` where it no longer knows this page's token. */
export const connection = signal<"good" | "lost" | "refused">("good");

/** What the server answered instead of what was asked for. */
export class ApiError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** The address of what is asked of a run. */
export function runPath(id: string, what = ""): string {
  return `/api/runs/${encodeURIComponent(id)}${what && `/${what}`}`;
}

/**
 * The answer to a GET.
 * @throws ApiError where the server says why not; with status 0 where it does not answer
 */
export function ask<Answer>(path: string): Promise<Answer> {
  return answered<Answer>(path, {});
}

/** The answer to a POST of JSON; throws as `ask` does. */
export function tell<Answer>(path: string, body: object): Promise<Answer> {
  return answered<Answer>(path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
}

async function answered<Answer>(path: string, init: RequestInit): Promise<Answer> {
  const response = await fetch(path, { ...init, cache: "no-store" }).catch(() => undefined);
  if (!response) {
    connection.value = "lost";
    throw new ApiError(0, "the server does not answer");
  }
  connection.value = response.status === 401 ? "refused" : "good";
  const json: unknown = await response.json().catch(() => undefined);
  if (response.ok) return json as Answer;
  const problem = json as Partial<Problem> | undefined;
  throw new ApiError(
    response.status,
    problem?.error ?? `the server answered with status ${response.status}`,
  );
}
