/** What a page asks for, and after how many milliseconds again; that of histograms is what the server says. */
const VIEWS = [
  ["", 5000],
  ["/log", 5000],
  ["/schedule", 10_000],
  ["/graph", 10_000],
  ["/weights", 10_000],
  ["/histograms", 2000],
  ["/batch", 10_000],
  ["/test", 10_000],
] as const;

/** What is read of an answer. */
interface Shown {
  readonly stamp?: number;
  readonly iter?: number;
  readonly view?: { readonly every?: number };
}

/** Asks a dashboard for all that a page shows, as a page does with every view open, until it is told to stop. */
export async function follow(url: string, signal: AbortSignal): Promise<void> {
  const { origin, searchParams } = new URL(url);
  const headers = { authorization: `Bearer ${searchParams.get("token")}` };
  const ask = async (path: string): Promise<Response> => fetch(origin + path, { headers, signal });
  const { first } = (await (await ask("/api/runs")).json()) as { readonly first: string };
  const run = `/api/runs/${encodeURIComponent(first)}`;
  const rest = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      signal.addEventListener("abort", () => {
        clearTimeout(timer);
        resolve();
      });
    });
  const again = async (path: string, every: number): Promise<void> => {
    let query = "";
    while (!signal.aborted) {
      const { stamp, iter, view } = (await (await ask(run + path + query)).json()) as Shown;
      // What is known is not sent again.
      if (stamp !== undefined) query = view?.every ? `?since=${iter}` : `?known=${stamp}`;
      await rest(Math.max(every, 1000 * (view?.every ?? 0)));
    }
  };
  const stream = async (): Promise<void> => {
    const reader = (await ask(`${run}/stream`)).body?.getReader();
    while (reader && !(await reader.read()).done);
  };
  const all = [stream(), ...VIEWS.map(([path, every]) => again(path, every))];
  for (const result of await Promise.allSettled(all)) {
    if (result.status === "rejected" && !signal.aborted) throw result.reason;
  }
}
