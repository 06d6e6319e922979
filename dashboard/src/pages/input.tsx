/** One file: its way through the pipeline, what was put aside of it, and what the log says of it. */
import { getRouteApi, Link } from "@tanstack/react-router";
import { INPUT_STATES } from "../features/export-panel/inputs";
import { useRefreshOnEvents } from "../features/export-panel/use-lake";
import { InputParts } from "../features/input-way/input-parts";
import { useInput } from "../features/input-way/use-input";
import { PageTitle } from "../shell/page-title";
import { Icon } from "../ui/icon";
import { NotAnswered } from "../ui/problem-note";
import { TEXT_TONE } from "../ui/tone";

const route = getRouteApi("/data/inputs/$id");

export function InputPage() {
  useRefreshOnEvents();
  const { id } = route.useParams();
  const { data, error } = useInput(id);
  const state = data && INPUT_STATES[data.state];
  return (
    <>
      <PageTitle
        title={data?.name ?? "File"}
        above={
          <>
            <Link to="/data" className="text-accent underline">
              Data
            </Link>
            {data && data.state !== "quarantined" && (
              <>
                {" / "}
                <Link to="/data/$name" params={{ name: data.dataset }} className="text-accent underline">
                  {data.dataset}
                </Link>
              </>
            )}
          </>
        }
        aside={
          state && (
            <p className={`text-sm ${TEXT_TONE[state.tone]}`}>
              <Icon name={state.icon} className="-translate-y-px" /> {state.word}{" "}
              <code className="text-xs break-all text-muted">{data.id}</code>
            </p>
          )
        }
      />
      {error && <NotAnswered error={error} />}
      {!data && !error && <p className="py-16 text-center text-muted">Looking for the file…</p>}
      {data && <InputParts input={data} />}
    </>
  );
}
