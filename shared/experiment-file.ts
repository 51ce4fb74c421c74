import { type ParsedDocument, parseDocument, placed } from "./document.ts";
import { checkParameterValue, checkSeed } from "./parameter-values.ts";
import { checkPlaceholders } from "./placeholders.ts";
import { type Experiment, experimentSchema } from "./schemas/experiment.ts";
import type { ParameterValue } from "./schemas/scalars.ts";
import { didYouMean } from "./suggest.ts";
import { excerpt } from "./visible.ts";
import type { DocumentPath, Finding } from "./yaml-source.ts";

/**
 * Reads a `gauntlet.yaml`: the schema, and what no schema can say, which is that placeholders name
 * something that has a value and that a sweep's values fit their parameters.
 */
export function parseExperiment(text: string, fileName: string): ParsedDocument<Experiment> {
  const parsed = parseDocument(text, experimentSchema, fileName);
  if (!parsed.ok) return parsed;
  const [first, ...rest] = placed(checkExperiment(parsed.value), parsed.source);
  return first ? { ok: false, problems: [first, ...rest] } : parsed;
}

function checkExperiment(experiment: Experiment): Finding[] {
  const names = [...Object.keys(experiment.parameters), "seed"];
  return [
    ...checkCommand(["train", "command"], experiment.train.command, names),
    ...checkCommand(["test", "command"], experiment.test?.command ?? [], names),
    ...checkCommand(["model", "serve"], experiment.model?.serve ?? [], ["port"]),
    ...checkScales(experiment),
    ...checkSweep(experiment, names),
  ];
}

function checkCommand(
  path: DocumentPath,
  command: readonly string[],
  known: readonly string[],
): Finding[] {
  const findings: Finding[] = checkPlaceholders(command, known).map((finding) => ({
    path: [...path, finding.argument],
    message: finding.message,
    suggestion: finding.suggestion,
    within: finding.text,
  }));
  command.forEach((argument, index) => {
    if (argument.includes("\0"))
      findings.push({ path: [...path, index], message: "an argument cannot hold a NUL character" });
  });
  if (command[0] === "")
    findings.push({ path: [...path, 0], message: "the program's name is empty" });
  return findings;
}

function checkScales({ parameters }: Experiment): Finding[] {
  return Object.entries(parameters).flatMap(([name, parameter]) => {
    if (parameter.type !== "float" && parameter.type !== "integer") return [];
    const lowest = Math.min(parameter.min ?? parameter.default, parameter.default);
    if (parameter.scale !== "log" || lowest > 0) return [];
    const message = `a log scale needs values above 0, and this one goes down to ${lowest}`;
    return [{ path: ["parameters", name, "scale"], message, suggestion: "write `linear`" }];
  });
}

function checkSweep({ parameters, sweep }: Experiment, names: readonly string[]): Finding[] {
  return Object.entries(sweep?.values ?? {}).flatMap(([name, values]): Finding[] => {
    const path = ["sweep", "values", name];
    const parameter = Object.hasOwn(parameters, name) ? parameters[name] : undefined;
    if (!parameter && name !== "seed") {
      const message = `no parameter is named \`${excerpt(name)}\``;
      const suggestion = didYouMean(name, names) ?? "declare it under parameters";
      return [{ path, on: "key", message, suggestion }];
    }
    const check = (value: ParameterValue) =>
      parameter ? checkParameterValue(parameter, value) : checkSeed(value);
    return values.flatMap((value, index): Finding[] => {
      const finding = check(value);
      if (finding) return [{ path: [...path, index], ...finding }];
      if (values.indexOf(value) === index) return [];
      const message = `\`${excerpt(String(value))}\` is listed twice`;
      return [{ path: [...path, index], message, suggestion: "each value makes cells once" }];
    });
  });
}
