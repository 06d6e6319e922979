/** The ways to another span of time, by button. */
import { Button } from "../../ui/button";
import { moved, type Span, zoomed } from "./plot-span";

interface Props {
  span: Span;
  isWhole: boolean;
  onSpan: (span: Span) => void;
  onWhole: () => void;
}

export const SpanButtons = ({ span, isWhole, onSpan, onWhole }: Props) => (
  <fieldset className="flex flex-wrap gap-2">
    <legend className="sr-only">Span of time</legend>
    <Button onPress={() => onSpan(moved(span, -1))}>Earlier</Button>
    <Button onPress={() => onSpan(moved(span, 1))}>Later</Button>
    <Button onPress={() => onSpan(zoomed(span, 0.5))}>Zoom in</Button>
    <Button onPress={() => onSpan(zoomed(span, 2))} unavailable={isWhole ? "It is the whole span" : null}>
      Zoom out
    </Button>
    <Button onPress={onWhole} unavailable={isWhole ? "It is the whole span" : null}>
      Whole span
    </Button>
  </fieldset>
);
