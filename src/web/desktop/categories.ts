/** Categories as people read them: with those that they are in. */
import type { WireCategory } from "../../protocol/library.ts";

/** Such as "Billing / Refunds". A loop, which the server does not allow, would end. */
export function categoryPath(category: WireCategory, all: readonly WireCategory[]): string {
  const names = [category.name];
  let parent = category.parentId;
  for (let left = all.length; parent !== undefined && left > 0; left -= 1) {
    const found = all.find(({ categoryId }) => categoryId === parent);
    if (found === undefined) break;
    names.unshift(found.name);
    parent = found.parentId;
  }
  return names.join(" / ");
}
