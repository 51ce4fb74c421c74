import { checkParameterValue, checkSeed, type ValueFinding } from "./parameter-values.ts";
import { type Experiment, mostCells, type Parameter, type Sweep } from "./schemas/experiment.ts";
import type { ParameterValue } from "./schemas/scalars.ts";
import { didYouMean } from "./suggest.ts";
import { excerpt } from "./visible.ts";
import type { Finding } from "./yaml-source.ts";

/** The parameters that a random or Sobol sweep draws, in order: those of `parameters`, then of `values`. */
export function sampledNames({ parameters = [], values }: Sweep): string[] {
  return [...new Set([...parameters, ...Object.keys(values)])].filter((name) => name !== "seed");
}

/** Whether a parameter's declaration says what may be drawn; null when it does. */
export function checkSampled(parameter: Parameter): ValueFinding | null {
  if (parameter.type === "text")
    return { message: "text has no range to draw from", suggestion: "list `values` for it" };
  if (parameter.type !== "float" && parameter.type !== "integer") return null;
  const missing = [
    ...(parameter.min === undefined ? ["min"] : []),
    ...(parameter.max === undefined ? ["max"] : []),
  ];
  if (missing.length === 0) return null;
  const message = `it has no ${missing.join(" and no ")} to draw between`;
  const suggestion = `declare ${missing.map((end) => `\`${end}\``).join(" and ")} for it, or list \`values\``;
  return { message, suggestion };
}

/** What no schema can say of a sweep: that its names, values and method fit the parameters. */
export function checkSweep({ parameters, sweep }: Experiment): Finding[] {
  if (!sweep) return [];
  return [
    ...checkMethod(sweep),
    ...checkSize(sweep),
    ...checkNames(sweep, parameters),
    ...checkValues(sweep, parameters),
  ];
}

function checkMethod(sweep: Sweep): Finding[] {
  const { method, samples } = sweep;
  if (method === "grid") {
    const unused = (["samples", "parameters"] as const).filter((key) => sweep[key] !== undefined);
    if (unused.length === 0 && Object.keys(sweep.values).length === 0)
      return [{ path: ["sweep"], on: "key", message: "a grid needs `values`" }];
    return unused.map((key) => ({
      path: ["sweep", key],
      on: "key",
      message: `a grid takes its points from \`values\` and has no \`${key}\``,
      suggestion: "write `method: sobol` or `method: random`",
    }));
  }
  const findings: Finding[] = [];
  if (samples === undefined)
    findings.push({
      path: ["sweep", "method"],
      message: `a ${method} sweep needs \`samples\``,
      suggestion: "say how many points to draw, such as `samples: 32`",
    });
  if (sweep.parameters === undefined && sampledNames(sweep).length === 0)
    findings.push({
      path: ["sweep", "method"],
      message: `a ${method} sweep needs \`parameters\``,
      suggestion: "name those to draw, such as `parameters: [learning_rate]`",
    });
  return findings;
}

function checkSize({ method, samples = 0, values }: Sweep): Finding[] {
  const cells =
    method === "grid"
      ? Object.values(values).reduce((product, list) => product * list.length, 1)
      : samples * (values["seed"]?.length ?? 1);
  if (cells <= mostCells) return [];
  return [
    {
      path: ["sweep", method === "grid" ? "values" : "samples"],
      message: `this makes ${cells} cells, and a sweep has at most ${mostCells}`,
      suggestion: method === "grid" ? "name fewer values, or draw points by `method: sobol`" : null,
    },
  ];
}

function checkNames(sweep: Sweep, declared: Experiment["parameters"]): Finding[] {
  const names = sweep.parameters ?? [];
  return names.flatMap((name, index): Finding[] => {
    const path = ["sweep", "parameters", index];
    if (name === "seed")
      return [
        {
          path,
          message: "seeds are not drawn",
          suggestion: "list them: `values: { seed: [0, 1] }`",
        },
      ];
    const parameter = Object.hasOwn(declared, name) ? declared[name] : undefined;
    if (!parameter) return [{ path, ...unknownName(name, Object.keys(declared)) }];
    if (names.indexOf(name) !== index)
      return [{ path, message: `\`${excerpt(name)}\` is named twice` }];
    const finding = Object.hasOwn(sweep.values, name) ? null : checkSampled(parameter);
    return finding
      ? [
          {
            path,
            message: `\`${name}\` cannot be drawn: ${finding.message}`,
            suggestion: finding.suggestion,
          },
        ]
      : [];
  });
}

function checkValues({ values }: Sweep, declared: Experiment["parameters"]): Finding[] {
  return Object.entries(values).flatMap(([name, list]): Finding[] => {
    const path = ["sweep", "values", name];
    const parameter = Object.hasOwn(declared, name) ? declared[name] : undefined;
    if (!parameter && name !== "seed")
      return [{ path, on: "key", ...unknownName(name, [...Object.keys(declared), "seed"]) }];
    const check = (value: ParameterValue) =>
      parameter ? checkParameterValue(parameter, value) : checkSeed(value);
    return list.flatMap((value, index): Finding[] => {
      const finding = check(value);
      if (finding) return [{ path: [...path, index], ...finding }];
      if (list.indexOf(value) === index) return [];
      const message = `\`${excerpt(String(value))}\` is listed twice`;
      return [{ path: [...path, index], message, suggestion: "each value makes cells once" }];
    });
  });
}

function unknownName(name: string, known: readonly string[]): ValueFinding {
  return {
    message: `no parameter is named \`${excerpt(name)}\``,
    suggestion: didYouMean(name, known) ?? "declare it under parameters",
  };
}
