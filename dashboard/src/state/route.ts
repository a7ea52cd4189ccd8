import { computed, signal } from "@preact/signals";

export const VIEWS = ["curves", "net", "weights", "batch", "mistakes", "log", "files"] as const;
export type View = (typeof VIEWS)[number];

/** What the address says behind its #: `/RUN/VIEW`, both of which may be missing. */
const place = signal(location.hash);
addEventListener("hashchange", () => {
  place.value = location.hash;
});

const parts = computed(() => place.value.replace(/^#\/?/, "").split("/"));

/** The run that the address names. */
export const namedRun = computed(() => decoded(parts.value[0] ?? ""));

export const view = computed(
  () => VIEWS.find((name) => name === parts.value[1]) ?? ("curves" satisfies View),
);

/** The address of a view of a run. */
export function address(run: string, to: View): string {
  return `#/${encodeURIComponent(run)}/${to}`;
}

/** A run's id, or nothing where the address is broken. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return "";
  }
}
