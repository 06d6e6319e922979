/** A column against time as the server makes it small: the key begins as the tables' do, so the same events renew it. */
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { answerOf } from "../../api/client";
import { useBackend } from "../../backend";
import type { DatasetSearch } from "../dataset/dataset-search";
import { DATASETS } from "../export-panel/use-lake";
import type { Choice } from "./plot-choice";

/** Of a column of pixels: first, last, least, greatest. */
const POINTS_A_COLUMN = 4;
const MOST_POINTS = 40_000;

/** `columns`: of pixels; null while nobody knows how wide the plot is. */
export function useSeries(name: string, choice: Choice, search: DatasetSearch, columns: number | null) {
  const { api } = useBackend();
  const { column, time, by } = choice;
  const { from, to, where, version } = search;
  const points = columns === null ? null : Math.min(MOST_POINTS, Math.max(1, columns) * POINTS_A_COLUMN);
  return useQuery({
    queryKey: [DATASETS, name, "series", column, time, by, from, to, where, version, points],
    queryFn: async ({ signal }) => ({
      plotted: await answerOf(
        api.GET("/api/datasets/{name}/series", {
          params: {
            path: { name },
            query: {
              column,
              time,
              points: points ?? POINTS_A_COLUMN,
              ...(by !== undefined && { by }),
              ...(from && { from }),
              ...(to && { to }),
              ...(where && { where }),
              ...(version !== undefined && { version }),
            },
          },
          signal,
        }),
      ),
      columns: Math.floor((points ?? 0) / POINTS_A_COLUMN),
      choice,
    }),
    enabled: points !== null,
    placeholderData: keepPreviousData,
    retry: false,
  });
}
