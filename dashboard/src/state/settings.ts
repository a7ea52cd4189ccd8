import { effect, type Signal, signal } from "@preact/signals";

/** A choice that this browser remembers, as far as it lets pages. */
function remembered<Value>(name: string, first: Value): Signal<Value> {
  const key = `caffe-dashboard.${name}`;
  const chosen = signal(stored(key, first));
  effect(() => {
    try {
      localStorage.setItem(key, JSON.stringify(chosen.value));
    } catch {
      // Without storage it lasts as long as the page.
    }
  });
  return chosen;
}

function stored<Value>(key: string, first: Value): Value {
  try {
    const text = localStorage.getItem(key);
    const value: unknown = text === null ? undefined : JSON.parse(text);
    return typeof value === typeof first ? (value as Value) : first;
  } catch {
    return first;
  }
}

/** `system` follows the reader's system. */
export const theme = remembered<string>("theme", "system");
export const smoothing = remembered("smoothing", 0.6);
export const isLog = remembered("log-scale", false);
export const isByTime = remembered("by-time", false);

const systemIsDark = matchMedia("(prefers-color-scheme: dark)");
const systemDark = signal(systemIsDark.matches);
systemIsDark.addEventListener("change", ({ matches }) => {
  systemDark.value = matches;
});

/** Whether the page is dark now. */
export function isDark(): boolean {
  return theme.value === "dark" || (theme.value !== "light" && systemDark.value);
}

/** Dark becomes light, and light dark. */
export function switchTheme(): void {
  theme.value = isDark() ? "light" : "dark";
}

effect(() => {
  if (theme.value === "system") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = theme.value;
});
