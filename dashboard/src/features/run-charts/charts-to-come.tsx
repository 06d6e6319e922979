/** As high as the charts are, where they stand in one row: what is below them stays where it is when they come. */
export const ChartsToCome = () => (
  <p className="text-sm text-muted lg:min-h-[9.375rem]">Reading the last runs…</p>
);
