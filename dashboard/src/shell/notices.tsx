/** What the whole page must tell: that the server cannot do its work, or that it has another page than this. */
import { useNewBuild } from "../live/use-new-build";
import { Degraded } from "./degraded";

export function Notices() {
  const isNewBuild = useNewBuild();
  return (
    <div role="status" className="flex flex-col gap-2 text-sm not-empty:mb-5">
      <Degraded />
      {isNewBuild && (
        <p className="flex flex-wrap items-center gap-x-3 rounded-lg bg-sunken px-4 py-2">
          The server has a newer version of this page.
          <button type="button" onClick={() => window.location.reload()} className="text-accent underline">
            Load it
          </button>
        </p>
      )}
    </div>
  );
}
