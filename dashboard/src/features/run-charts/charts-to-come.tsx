/** As high as the charts are, where they stand in one row: what is below them stays where it is when they come. */
export const ChartsToCome = () => <div className="lg:min-h-[9.375rem]" aria-hidden="true" />;
