import { spawnSync } from "node:child_process";

/** Debian's own, which has python3-opencv. */
export const PYTHON = "/usr/bin/python3";

/** Whether OpenCV can be compared with; tells where it cannot. */
export function hasOpenCv(): boolean {
  const has = spawnSync(PYTHON, ["-c", "import cv2"]).status === 0;
  if (!has) console.log("OpenCV is left out: python3-opencv is not installed.");
  return has;
}
