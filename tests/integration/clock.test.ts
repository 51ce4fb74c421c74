/** What a clock that was set back between two starts of the core does to "the newest". */
import { createRouterClient } from "@orpc/server";
import { expect, test } from "vitest";
import { createCore } from "../../core/core.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { makeToy } from "../support/toy-dataset.ts";

test("the dataset added last is what its name means", async () => {
  const data = temporaryFolder();
  const names: string[] = [];
  for (const [index, back] of [0, 3_600_000, 7_200_000].entries()) {
    const core = await createCore({ data, clock: { now: () => Date.now() - back } });
    const client = createRouterClient(core.router);
    await client.datasets.add({ folder: makeToy(20 + index).dataset });
    const [dataset] = await client.datasets.list({});
    expect(dataset?.splits).toEqual({ test: 20 + index });
    names.push(dataset?.hash ?? "");
    await core.close();
  }
  const core = await createCore({ data });
  const listed = await createRouterClient(core.router).datasets.list({});
  expect(listed.map(({ hash }) => hash)).toEqual(names.toReversed());
  await core.close();
});
