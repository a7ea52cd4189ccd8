import { address, VIEWS } from "../state/route.ts";
import { current, facts } from "../state/runs.ts";
import { isLog, switchTheme } from "../state/settings.ts";
import { asking, snapshot } from "./actions.tsx";
import { isHelpOpen } from "./help.tsx";

/** Lets keys do what the page's buttons do; gives what ends it. */
export function takeShortcuts(): () => void {
  const take = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    if (isWriting(event.target) || document.querySelector("dialog[open]")) return;
    if (act(event.key)) event.preventDefault();
  };
  addEventListener("keydown", take);
  return () => removeEventListener("keydown", take);
}

/** Whether the key was one of the page's. */
function act(key: string): boolean {
  const place = VIEWS[Number(key) - 1];
  if (place) {
    location.hash = address(current.value, place);
    return true;
  }
  const run = facts.value;
  const canSteer = run?.canSteer ?? false;
  if (key === "s" && run && canSteer) snapshot(run.id);
  else if (key === "r" && canSteer) asking.value = "rate";
  else if (key === "x" && canSteer) asking.value = "stop";
  else if (key === "l") isLog.value = !isLog.value;
  else if (key === "t") switchTheme();
  else if (key === "?") isHelpOpen.value = true;
  else if (key === "/") return focusSearch();
  else return false;
  return true;
}

function focusSearch(): boolean {
  const search = document.querySelector<HTMLElement>("input[type=search]");
  search?.focus();
  return search !== null;
}

/** Letters belong to who is writing; a slider and a checkbox want none. */
function isWriting(target: EventTarget | null): boolean {
  if (target instanceof HTMLInputElement) return !["range", "checkbox"].includes(target.type);
  return target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement;
}
