declare module 'lz4js' {
  export function decompress(frame: Uint8Array): Uint8Array
}

declare module 'lz4js/xxh32.js' {
  export function hash(seed: number, source: Uint8Array, from: number, length: number): number
}
