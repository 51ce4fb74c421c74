import { core } from "../../rpc/client.ts";

/** All sets of attacks, the active one among them. */
export const attackSetsQuery = core.attacks.sets.queryOptions({
  input: {},
  meta: { follows: ["attack-set"] },
});
