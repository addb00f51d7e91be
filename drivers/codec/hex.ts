/** Bytes of a hex text. Spaces, commas, colons and `0x` are allowed between bytes; undefined when it is not hex. */
export function bytesFromHex(text: string): Uint8Array | undefined {
  const digits = text.replaceAll(/0x|[\s,:]/gi, '');
  if (digits.length === 0 || digits.length % 2 !== 0 || !/^[0-9a-f]+$/i.test(digits)) return undefined;
  const bytes = new Uint8Array(digits.length / 2);
  for (let index = 0; index < bytes.length; index += 1) {
    bytes[index] = Number.parseInt(digits.slice(index * 2, index * 2 + 2), 16);
  }
  return bytes;
}

/** Lower-case hex, two digits a byte, without separators unless one is given. */
export function hexFromBytes(bytes: Uint8Array, separator = ''): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(separator);
}
