import { entryOf } from "../../util/records.ts";
import { paramFields } from "./layer-types.ts";

/** Types of C3D's that the upgrade writes as others, so that no class has them. */
const UPGRADED: readonly string[] = ["Convolution3D", "Deconvolution3D"];

/** Whether layers of a type are a user's own: not known here, so that their parameters may have fields of any name. */
export function isUsersType(type: string | undefined): boolean {
  if (type === undefined || type === "" || UPGRADED.includes(type)) return false;
  return entryOf(paramFields, type) === undefined;
}
