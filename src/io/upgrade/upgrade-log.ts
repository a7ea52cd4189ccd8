import type { Severity } from "../../util/log.ts";

/** Takes the lines that an upgrade writes to the log. */
export type UpgradeLog = (severity: Severity, message: string) => void;
