/**
 * Rounds figures that are shown side by side to whole numbers, so that they still add up to `total` (a whole number
 * near their sum): each is rounded down, and what is left goes to those that lost most (largest remainder).
 */
export function wholeParts(parts: readonly number[], total: number): readonly number[] {
  const whole = parts.map((part) => Math.floor(part));
  const left = total - whole.reduce((sum, part) => sum + part, 0);
  const byRemainder = parts
    .map((part, index) => ({ index, remainder: part - Math.floor(part) }))
    .toSorted((a, b) => b.remainder - a.remainder || a.index - b.index);
  const step = Math.sign(left);
  // What is left is less than one for each part when `total` is their sum rounded; one more round serves any other.
  for (let given = 0; byRemainder.length > 0 && given < Math.abs(left); given++) {
    const at =
      byRemainder[step > 0 ? given % byRemainder.length : byRemainder.length - 1 - (given % byRemainder.length)];
    if (at !== undefined) whole[at.index] = (whole[at.index] ?? 0) + step;
  }
  return whole;
}
