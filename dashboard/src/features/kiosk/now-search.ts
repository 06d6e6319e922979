/** What the address of Now says: whether it stands on a wall. Pure. */

export interface NowSearch {
  kiosk?: 1;
}

export const readNowSearch = ({ kiosk }: Record<string, unknown>): NowSearch =>
  kiosk === 1 || kiosk === "1" || kiosk === true ? { kiosk: 1 } : {};
