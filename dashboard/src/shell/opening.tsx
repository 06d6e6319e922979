/** What is seen until there is more: drawn into index.html when the page is built, so that it needs no script. */
import { renderToStaticMarkup } from "react-dom/server";
import { FirstWord } from "./first-word";
import { Frame } from "./frame";

export const openingMarkup = (): string =>
  renderToStaticMarkup(
    <Frame>
      <FirstWord />
    </Frame>,
  );
