import { core } from "../../rpc/client.ts";

/** Every field that a query, a sort or a column can name. */
export const runFieldsQuery = core.runs.fields.queryOptions({
  input: {},
  meta: { follows: ["run"] },
});
