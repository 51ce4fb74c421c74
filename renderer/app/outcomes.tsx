import { Link } from "@tanstack/react-router";
import { EmptyState, ErrorNotice } from "../ui/notices.tsx";

export function NotFound() {
  return (
    <EmptyState title="There is no such page" action={<Link to="/runs">Open the runs</Link>} />
  );
}

/** In the place of a page that failed; the shell around it stays. */
export function PageFailed({ error, reset }: { error: unknown; reset?: () => void }) {
  return <ErrorNotice error={error} onRetry={reset} />;
}
