import type { Log } from "../../util/log.ts";
import { type Dashboard, openDashboard } from "../server.ts";
import { keepViews } from "../views/kept-views.ts";
import { LiveViews } from "../views/live-views.ts";
import type { LiveLink } from "./live-link.ts";
import type { ThreadData } from "./messages.ts";

/**
 * The dashboard of a run that is trained at the other end of a link. What was looked at is kept in the run's folder when it is closed.
 * @throws CaffeError where it cannot listen
 */
export async function openRunDashboard(
  { folder, folders, listening, classes }: ThreadData,
  link: LiveLink,
  log: Log,
): Promise<Dashboard> {
  const views = new LiveViews(link, classes);
  const dashboard = await openDashboard(folders, listening, log, { folder, link, views });
  return {
    url: dashboard.url,
    close: async () => {
      try {
        keepViews(folder, await views.last());
      } catch (error) {
        log(
          "warning",
          "dashboard",
          `what was looked at is not kept: ${error instanceof Error ? error.message : String(error)}`,
        );
      }
      await dashboard.close();
    },
  };
}
