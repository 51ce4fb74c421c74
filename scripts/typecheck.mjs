/**
 * Checks the types of every layer with the layer's own tsconfig.json (shared/ knows neither Node
 * nor a browser), and fails when a TypeScript file of the repository is in none of them.
 */
import { execFile, execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const compiler = path.join(root, "node_modules/typescript/bin/tsc");

/** What git knows or would add, without what .gitignore names. */
function repositoryFiles(pattern) {
  const args = ["ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", pattern];
  const listed = execFileSync("git", args, { cwd: root, encoding: "utf8", maxBuffer: 1 << 26 });
  return [...new Set(listed.split("\0"))].filter(
    (file) => existsSync(path.join(root, file)) && file !== "",
  );
}

/** @returns {Promise<{ project: string, files: string[], problems: string }>} */
function check(project) {
  const args = [compiler, "-p", project, "--pretty", "false", "--listFiles"];
  return new Promise((resolve) => {
    execFile(process.execPath, args, { cwd: root, maxBuffer: 1 << 28 }, (error, stdout, stderr) => {
      const lines = stdout.split(/\r?\n/);
      const isFile = (line) => path.isAbsolute(line) && !line.includes(": error ");
      const files = lines
        .filter(isFile)
        .map((file) => path.relative(root, file).replaceAll(path.sep, "/"))
        .filter((file) => !file.startsWith("..") && !file.includes("node_modules/"));
      const problems = [...lines.filter((line) => !isFile(line)), stderr].filter(Boolean);
      if (error !== null && problems.length === 0) problems.push(error.message);
      resolve({ project, files, problems: problems.join("\n") });
    });
  });
}

const projects = repositoryFiles("*tsconfig.json").filter((file) => !file.includes("/fixtures/"));
const waiting = [...projects];
const results = [];
await Promise.all(
  Array.from({ length: 2 }, async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift())
      results.push(await check(next));
  }),
);

const covered = new Set();
// A file that two layers read is told of once.
const told = new Set();
for (const { project, files, problems } of results) {
  const folder = path.posix.dirname(project);
  const own = files.filter((file) => folder === "." || file.startsWith(`${folder}/`));
  for (const file of own) covered.add(file);
  console.log(`types: ${project} looked at ${own.length} files (${files.length} with imports)`);
  for (const line of problems.split("\n").filter((line) => line !== "" && !told.has(line))) {
    told.add(line);
    console.error(line);
  }
  if (problems !== "" || own.length === 0) process.exitCode = 1;
}

const sources = ["*.ts", "*.tsx"]
  .flatMap(repositoryFiles)
  .filter((file) => !file.startsWith("tests/fixtures/layers/"));
const forgotten = sources.filter((file) => !covered.has(file));
console.log(`types: ${covered.size} files in ${projects.length} projects`);
if (forgotten.length > 0 || sources.length === 0) {
  console.error(`In no tsconfig.json: ${forgotten.join(", ")}`);
  process.exitCode = 1;
}
