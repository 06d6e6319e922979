/** What of the file was put aside. */
import { Link } from "@tanstack/react-router";
import type { InputDetail } from "../../api/types";
import { counted } from "../../ui/format";
import { Panel } from "../../ui/panel";
import { PanelProblem } from "../../ui/problem-note";
import { PutAsideItem } from "../quarantine/put-aside-item";
import { usePutAside } from "../quarantine/use-quarantine";

const FIRST = 20;

export function InputRecords({ input: { name } }: { input: InputDetail }) {
  const { data, error, isPending } = usePutAside({ file: name });
  const [page] = data?.pages ?? [];
  return (
    <Panel
      title="Put aside"
      testId="input-records"
      aside={
        page && page.items.length > 0 ? (
          <Link to="/quarantine" search={{ file: name }} className="text-sm text-accent underline">
            {page.total === null ? "All of them" : counted(page.total, "record")}
          </Link>
        ) : undefined
      }
    >
      <PanelProblem error={error} />
      {isPending && <p className="px-5 py-6 text-sm text-muted">Looking…</p>}
      {page?.items.length === 0 && (
        <p className="px-5 py-6 text-sm text-muted">Nothing of it was put aside.</p>
      )}
      <ul>
        {page?.items.slice(0, FIRST).map((item) => (
          <PutAsideItem key={item.id} item={item} />
        ))}
      </ul>
    </Panel>
  );
}
