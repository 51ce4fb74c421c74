import { fileURLToPath } from "node:url";

/** The folder that Gauntlet itself stands in, where `resources/` and `agent/` are found. */
export const installationFolder = fileURLToPath(new URL("../../", import.meta.url));
