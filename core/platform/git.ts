import { runProgram } from "./run-program.ts";

export type GitState = { commit: string | null; branch: string | null; diff: string | null };

const none: GitState = { commit: null, branch: null, diff: null };

/** Longest diff kept as text; a longer one is cut with a line that says so. */
const diffLimit = 4 * 1024 * 1024;

/** The commit, branch and uncommitted changes of the files in a folder; nulls outside git. */
export async function gitState(folder: string): Promise<GitState> {
  const inside = await git(folder, ["rev-parse", "--is-inside-work-tree"]);
  if (inside?.trim() !== "true") return none;
  const [commit, branch, diff] = await Promise.all([
    git(folder, ["rev-parse", "--verify", "HEAD"]),
    git(folder, ["symbolic-ref", "--short", "-q", "HEAD"]),
    git(folder, ["diff", "--no-color", "--no-ext-diff", "HEAD", "--", "."]),
  ]);
  return {
    commit: commit?.trim() ?? null,
    branch: branch?.trim() ?? null,
    diff: diff ? cut(diff) : null,
  };
}

/** Files that git tracks or would track in a folder, relative to it; null outside git. */
export async function gitFiles(folder: string): Promise<string[] | null> {
  const listed = await git(folder, [
    "ls-files",
    "-z",
    "--cached",
    "--others",
    "--exclude-standard",
    "--",
    ".",
  ]);
  return listed === null ? null : [...new Set(listed.split("\0").filter((name) => name !== ""))];
}

/** Null when git is absent, the folder is in no repository, or git has no answer (no commit yet). */
async function git(folder: string, args: readonly string[]): Promise<string | null> {
  try {
    return await runProgram("git", ["-c", "core.quotepath=off", ...args], { cwd: folder });
  } catch {
    return null; // Being outside git is normal: what git would tell is then recorded as unknown.
  }
}

function cut(diff: string): string {
  if (diff.length <= diffLimit) return diff;
  return `${diff.slice(0, diffLimit)}\n[cut: ${diff.length - diffLimit} more characters]\n`;
}
