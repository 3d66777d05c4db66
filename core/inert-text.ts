/** What shows nothing, moves the cursor of a terminal, turns the direction of writing around, or is no character at all. */
const unshowable = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}\p{Cn}]/gu

/**
 * The beginning of bytes that anybody may have sent, as text that does nothing: everything that is not plainly shown
 * becomes the replacement character.
 * @param bytes as many as `most` characters can take (4 each in UTF-8), or all
 */
export function inertText(bytes: Uint8Array, most: number): string {
  const shown = Array.from(new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes))
    .slice(0, most)
    .join('')
  return shown.replaceAll(unshowable, '\uFFFD')
}
