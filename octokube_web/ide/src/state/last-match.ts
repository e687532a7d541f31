/**
 * Makes the engine forget the text that a regular expression was tried on last: it keeps that for RegExp.lastMatch and its
 * kin, whole, for as long as no other is tried. Called wherever something has to be forgotten.
 */
export function forgetLastMatch(): void {
  // oxlint-disable-next-line unicorn/prefer-string-starts-ends-with -- trying an expression is the point
  /^/.test("");
}
