import { CompressionCodecs, CompressionTypes } from './client'
import { afterEach, expect, test } from 'vitest'
import { registerCodecs } from './codecs'

const registered = CompressionCodecs[CompressionTypes.Snappy]
afterEach(() => {
  CompressionCodecs[CompressionTypes.Snappy] = registered
})

test('every codec reads what Kafka’s own Java client writes', async () => {
  await expect(registerCodecs()).resolves.toBeUndefined()
})

test('a codec that is broken is found at the start, not by the first foreign batch', async () => {
  CompressionCodecs[CompressionTypes.Snappy] = () => ({ decompress: () => Promise.resolve(Buffer.from('nonsense')) })
  await expect(registerCodecs()).rejects.toThrow('Snappy')
})
