// Lets tests and benches find the software adapter of Debian's chromium-common where the machine has no driver of its
// own. Import it before a GPU is opened.
import { existsSync, readdirSync } from "node:fs";

const DRIVER = "/usr/lib/chromium/vk_swiftshader_icd.json";
const hasDriver = ["/usr/share/vulkan/icd.d", "/etc/vulkan/icd.d"].some(
  (folder) => existsSync(folder) && readdirSync(folder).length > 0,
);
if (!hasDriver && existsSync(DRIVER)) {
  process.env["VK_DRIVER_FILES"] ??= DRIVER;
  process.env["XDG_RUNTIME_DIR"] ??= "/tmp";
}
