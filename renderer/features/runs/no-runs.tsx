import { useMutation } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { core } from "../../rpc/client.ts";
import { Button } from "../../ui/button.tsx";
import { EmptyState, ErrorNotice } from "../../ui/notices.tsx";

/** The first page of a new data folder: one click to something that runs, and is watched. */
export function NoRuns() {
  const navigate = useNavigate();
  const demo = useMutation(
    core.demo.start.mutationOptions({
      onSuccess: ({ sweep }) => void navigate({ to: "/first-run/$sweep", params: { sweep } }),
    }),
  );
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
          attacks and ranks them, while you watch. No account, no server, no GPU; nothing leaves
          this disk. It takes about a minute. Or{" "}
          <Link to="/launch">launch your own experiment</Link>.
        </p>
      </EmptyState>
      {demo.error && <ErrorNotice error={demo.error} />}
    </>
  );
}
