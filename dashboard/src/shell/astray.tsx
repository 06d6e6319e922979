/** What stands in a page's place where there is none, or where it broke. */
import { type ErrorComponentProps, Link } from "@tanstack/react-router";
import { Button } from "../ui/button";
import { ProblemNote } from "../ui/problem-note";
import { PageTitle } from "./page-title";

export const NotFound = () => (
  <>
    <PageTitle title="There is no such page" />
    <p className="text-muted">
      The address may be mistyped, or from another version. <HomeLink />
    </p>
  </>
);

export const PageFailed = ({ error, reset }: ErrorComponentProps) => (
  <>
    <PageTitle title="This page could not be drawn" />
    <ProblemNote error={error instanceof Error ? error : new Error(String(error))} />
    <div className="mt-4 flex items-center gap-4">
      <Button onPress={reset}>Try again</Button>
      <Button onPress={() => window.location.reload()}>Load the page anew</Button>
    </div>
  </>
);

const HomeLink = () => (
  <Link to="/" className="text-accent underline">
    Go to Now
  </Link>
);
