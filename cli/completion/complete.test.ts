import { Argument, Command } from "commander";
import { expect, test } from "vitest";
import { complete } from "./complete.ts";

const program = new Command("gauntlet")
  .version("1.0.0")
  .option("--data <folder>", "the data folder")
  .option("--json", "as JSON")
  .configureHelp({ showGlobalOptions: true });
program.command("run").argument("[folder]").option("--set <name=value>").option("--seed <number>");
const runs = program.command("runs").description("the runs").alias("r");
runs.command("show").argument("<run>");
runs.command("list").option("--state <state>", "only these");
runs.command("delete").argument("<runs...>").option("-y, --yes", "do it");
runs.command("secret", { hidden: true });
program.command("save").argument("<name>").argument("<attacks...>");
program.command("evaluate").argument("[models...]").option("--set <set>");
program.command("import").argument("<file>");
program.command("completion").addArgument(new Argument("<shell>").choices(["bash", "zsh"]));
program.command("init").option("--template <template>");

const values = (...words: string[]) =>
  complete(program, words).candidates.map(({ value }) => value);

test("commands and their subcommands, but no hidden ones", () => {
  expect(values("")).toContain("evaluate");
  expect(values("runs", "")).toEqual(["show", "list", "delete", "help"]);
  expect(values("r", "")).toEqual(["show", "list", "delete", "help"]);
  expect(complete(program, [""]).candidates).toContainEqual({
    value: "runs",
    description: "the runs",
  });
});

test("options of the command and of all commands, long where they have a long form", () => {
  const global = ["--version", "--data", "--json"];
  expect(values("runs", "delete", "-")).toEqual(["--yes", "--help", ...global]);
  expect(values("runs", "delete", "x", "--")).toEqual(["--yes", "--help", ...global]);
});

test("what stands at an argument's place, by its placeholder", () => {
  const at = (...words: string[]) => {
    const { names, paths, candidates } = complete(program, words);
    return names ?? paths ?? candidates.map(({ value }) => value);
  };
  expect(at("runs", "show", "")).toBe("runs");
  expect(at("runs", "show", "one", "")).toEqual([]);
  expect(at("runs", "delete", "one", "two", "")).toBe("runs");
  expect(at("runs", "delete", "-y", "")).toBe("runs");
  expect(at("evaluate", "")).toBe("models");
  expect(at("save", "")).toEqual([]);
  expect(at("save", "mine", "")).toBe("attacks");
  expect(at("save", "mine", "one", "")).toBe("attacks");
  expect(at("run", "")).toBe("folders");
  expect(at("import", "")).toBe("files");
  expect(at("completion", "")).toEqual(["bash", "zsh"]);
  expect(at("runs", "show", "--", "-")).toBe("runs");
});

test("values of options, after a space or an equals sign", () => {
  expect(complete(program, ["evaluate", "--set", "To"])).toMatchObject({
    names: "sets",
    before: "",
    current: "To",
  });
  expect(complete(program, ["evaluate", "--set=To"])).toMatchObject({
    names: "sets",
    before: "--set=",
    current: "--set=To",
  });
  expect(values("runs", "list", "--state", "")).toContain("failed");
  expect(values("runs", "list", "--state=fa")).toContain("--state=failed");
  expect(values("init", "--template", "")).toEqual(["script", "digits", "pytorch"]);
  // A value that any text can be.
  expect(complete(program, ["run", "--set", ""])).toMatchObject({
    candidates: [],
    names: null,
    paths: null,
  });
  // A value takes no argument's place.
  expect(complete(program, ["run", "--seed", "1", ""])).toMatchObject({ paths: "folders" });
  expect(complete(program, ["run", "--seed=1", ""])).toMatchObject({ paths: "folders" });
});

test("the data folder of the line", () => {
  expect(complete(program, ["--data", "/x", "runs", "show", ""])).toMatchObject({
    data: "/x",
    names: "runs",
  });
  expect(complete(program, ["runs", "show", "--data=/y", ""]).data).toBe("/y");
  expect(complete(program, ["runs", "show", ""]).data).toBeUndefined();
});

test("what nobody knows completes to nothing", () => {
  expect(values("frobnicate", "")).toEqual([]);
  expect(values("runs", "frobnicate", "")).toEqual([]);
  expect(values("constructor", "")).toEqual([]);
});
