/** What can be taken out: the merged tables. */
import { useState } from "react";
import type { Dataset } from "../../api/types";
import { bytes, counted } from "../../ui/format";
import { Icon } from "../../ui/icon";
import { Ago } from "../../ui/time";
import { exportAddress, type Format, WHOLE } from "./export-choice";
import { ExportForm } from "./export-form";

export const Datasets = ({ items }: { items: Dataset[] }) => (
  <div className="border-t border-line">
    <h3 className="px-5 pt-4 text-sm font-semibold">Merged tables</h3>
    {items.length === 0 ? (
      <p className="px-5 py-3 text-sm text-muted">The first run that merges a file makes the first table.</p>
    ) : (
      <ul className="px-5 py-2">
        {items.map((dataset) => (
          <DatasetRow key={dataset.name} dataset={dataset} />
        ))}
      </ul>
    )}
  </div>
);

function DatasetRow({ dataset }: { dataset: Dataset }) {
  const [isOpen, setIsOpen] = useState(false);
  return (
    <li className="flex flex-wrap items-center gap-x-2 gap-y-1.5 border-t border-line py-2 first:border-t-0">
      <div className="min-w-0 flex-1 basis-44">
        <p className="truncate font-medium" title={dataset.name}>
          {dataset.name}
        </p>
        <p className="text-xs text-muted">
          {counted(dataset.rows, "row")} · {bytes(dataset.size_bytes)} · version {dataset.version}
          {dataset.updated_at && (
            <>
              {" · "}
              <Ago at={dataset.updated_at} />
            </>
          )}
        </p>
      </div>
      <div className="flex gap-2">
        <Download dataset={dataset.name} format="csv" label="CSV" />
        <Download dataset={dataset.name} format="parquet" label="Parquet" />
        <button
          type="button"
          aria-expanded={isOpen}
          aria-label={`More ways to export ${dataset.name}: format, version, columns and rows`}
          onClick={() => setIsOpen(!isOpen)}
          className={LINK}
        >
          More <Icon name="chevron" className={isOpen ? "rotate-180" : ""} />
        </button>
      </div>
      {isOpen && <ExportForm dataset={dataset} />}
    </li>
  );
}

const LINK =
  "inline-flex items-center gap-1.5 rounded-lg border border-line px-2.5 py-1 text-sm text-accent hover:border-accent";

const Download = ({ dataset, format, label }: { dataset: string; format: Format; label: string }) => (
  <a
    href={exportAddress(dataset, { ...WHOLE, format })}
    download
    aria-label={`Download ${dataset} as ${label}`}
    className={LINK}
  >
    <Icon name="download" /> {label}
  </a>
);
