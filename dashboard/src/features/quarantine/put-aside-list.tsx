/** What was put aside, a page at a time. */
import { Button } from "../../ui/button";
import { PanelProblem } from "../../ui/problem-note";
import { PutAsideItem } from "./put-aside-item";
import type { QuarantineSearch } from "./quarantine-search";
import { usePutAside } from "./use-quarantine";

export function PutAsideList({ search }: { search: QuarantineSearch }) {
  const { data, error, isPending, hasNextPage, fetchNextPage, isFetchingNextPage } = usePutAside(search);
  const items = data?.pages.flatMap((page) => page.items);
  return (
    <>
      <PanelProblem error={error} />
      {isPending && <p className="px-5 py-10 text-center text-sm text-muted">Looking…</p>}
      {items?.length === 0 && (
        <p className="px-5 py-10 text-center text-sm text-muted">Nothing is put aside here.</p>
      )}
      <ul>
        {items?.map((item) => (
          <PutAsideItem key={item.id} item={item} />
        ))}
      </ul>
      {hasNextPage && (
        <div className="border-t border-line px-5 py-3">
          <Button onPress={() => void fetchNextPage()} unavailable={isFetchingNextPage ? "Asking…" : null}>
            Show more
          </Button>
        </div>
      )}
    </>
  );
}
