/** The first `most` characters; what is cut off shows as an ellipsis. */
export function shortened(text: string, most: number): string {
  const characters = Array.from(text);
  return characters.length <= most ? text : `${characters.slice(0, most - 1).join("")}…`;
}

/** A coordinate or a size, to a tenth. */
export function tenth(value: number): string {
  return String(Math.round(value * 10) / 10 + 0);
}

/** How wide a text is in a sans-serif font of `size` pixels, about. */
export function textWidth(text: string, size: number): number {
  let width = 0;
  for (const character of text) width += character.codePointAt(0)! >= 0x2e80 ? size : size * 0.59;
  return width;
}
