/** All that is told of one file. */
import type { InputDetail } from "../../api/types";
import { InputEvents } from "./input-events";
import { InputProfile } from "./input-profile";
import { InputRecords } from "./input-records";
import { WayList } from "./way-list";

export const InputParts = ({ input }: { input: InputDetail }) => (
  <div className="flex flex-col gap-6">
    <WayList input={input} />
    <InputRecords input={input} />
    <InputEvents input={input} />
    {input.state !== "quarantined" && <InputProfile key={input.id} input={input} />}
  </div>
);
