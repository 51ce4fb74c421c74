import { useMutation } from "@tanstack/react-query";
import { core } from "../../rpc/client.ts";
import { Button } from "../../ui/button.tsx";
import { EmptyState, ErrorNotice } from "../../ui/notices.tsx";

/** The first page of a new data folder: one click to something that runs. */
export function NoRuns() {
  const demo = useMutation(core.demo.start.mutationOptions());
  return (
    <>
      <EmptyState
        title="Your runs will be here"
        action={
          <Button
            kind="primary"
            size="large"
            icon="play"
            disabled={demo.isPending}
            onClick={() => demo.mutate({})}
          >
            {demo.isPending ? "Packing the digits" : "Start the digits demo"}
          </Button>
        }
        command="npx gauntlet init my-experiment"
      >
        <p>
          The demo trains four models of real digits on this machine, then sends each through five
          attacks and ranks them. No account, no server, no GPU; nothing leaves this disk. It takes
          about a minute.
        </p>
      </EmptyState>
      {demo.error && <ErrorNotice error={demo.error} />}
    </>
  );
}
