/** AMD's GPUs, which jobs are not given; known so that it can be said in words. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { isErrno } from "./errno.ts";
import { runProgram } from "./run-program.ts";

const amdVendor = "0x1002";

/**
 * Names of the AMD GPUs of this machine: from the kernel's driver amdgpu (Linux), else from
 * `rocm-smi`. None where neither tells of one.
 * @param drm the kernel's folder of graphics cards
 */
export async function listAmdGpus(drm = "/sys/class/drm", program = "rocm-smi"): Promise<string[]> {
  const cards = cardsOf(drm);
  if (cards.length > 0) return cards;
  try {
    const text = await runProgram(program, ["--showproductname"], { timeout: 5000 });
    const names = text.matchAll(/^GPU\[(\d+)\]\s*:\s*Card [Ss]eries:\s*(.+?)\s*$/gm);
    return [...names].map(([, , name = ""]) => name);
  } catch {
    return [];
  }
}

function cardsOf(drm: string): string[] {
  try {
    return readdirSync(drm)
      .filter((name) => /^card\d+$/.test(name))
      .toSorted()
      .flatMap((card) => {
        const device = join(drm, card, "device");
        if (textOf(join(device, "vendor")) !== amdVendor) return [];
        // Only newer drivers tell a card's name.
        return [textOf(join(device, "product_name")) || `AMD GPU (${card})`];
      });
  } catch (error) {
    if (isErrno(error)) return [];
    throw error;
  }
}

function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8").trim();
  } catch (error) {
    if (isErrno(error)) return "";
    throw error;
  }
}
