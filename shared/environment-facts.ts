import { z } from "zod";

/** Named beside the interpreter: what results depend on most. */
const frameworks = [
  "torch",
  "pytorch",
  "torchvision",
  "tensorflow",
  "keras",
  "jax",
  "flax",
  "mxnet",
  "onnxruntime",
  "numpy",
  "foolbox",
  "adversarial-robustness-toolbox",
  "cleverhans",
  "torchattacks",
  "autoattack",
];

/** Of the environment that is kept with an attempt; core/platform/environment.ts makes it. */
const environmentSchema = z.object({
  runtime: z.string().nullable().catch(null),
  cuda: z.string().nullable().catch(null),
  packages: z.record(z.string(), z.string()).catch({}),
});

/** What an attempt loaded, in short, as names with values; what is not known is left out. */
export function environmentFacts(
  environment: Readonly<Record<string, unknown>> | null,
): { name: string; value: string }[] {
  const known = environmentSchema.safeParse(environment).data;
  if (!known) return [];
  const { runtime, cuda, packages } = known;
  const versions = new Map(
    Object.entries(packages).map(([name, version]) => [name.toLowerCase(), version]),
  );
  const found = frameworks.flatMap((name) => {
    const version = versions.get(name);
    return version === undefined ? [] : [`${name} ${version}`];
  });
  const count = versions.size;
  return [
    ...(runtime === null ? [] : [{ name: "runtime", value: runtime }]),
    ...(cuda === null ? [] : [{ name: "cuda", value: cuda }]),
    ...(count === 0
      ? []
      : [
          { name: "packages", value: [String(count), found.join(", ")].filter(Boolean).join(": ") },
        ]),
  ];
}
