import { decompress as readZstd } from 'fzstd'
import { decompress as readLz4 } from 'lz4js'
import { CompressionCodecs, CompressionTypes } from './client'

/** As kafkajs calls one; its types leave it out. */
type Codec = { compress: (encoder: unknown) => Promise<Buffer>; decompress: (frame: Buffer) => Promise<Buffer> }

/** Other producers choose their codec. We only read these two: what lz4js writes, Java does not take (KAFKA.md 7). */
const readOnly = (name: string, read: (frame: Uint8Array) => Uint8Array) => (): Codec => ({
  compress: () => Promise.reject(new Error(`We write no ${name}`)),
  decompress: (frame) => Promise.resolve(Buffer.from(read(frame))),
})

/** The same words as Kafka's own Java client writes them, with each codec. */
const words = 'Never lost, never quietly twice: never lost, never quietly twice.'
const asJavaWritesThem = {
  GZIP: 'H4sIAAAAAAAA//NLLUstUsjJLy7RUcgDswtLM1NLcioVSsozk1OtoII4FegBALWkJvlBAAAA',
  Snappy: 'glNOQVBQWQAAAAABAAAAAQAAAClBME5ldmVyIGxvc3QsIG4FDDxxdWlldGx5IHR3aWNlOiBuBRViIQAALg==',
  LZ4: 'BCJNGGBAgisAAADRTmV2ZXIgbG9zdCwgbgwA43F1aWV0bHkgdHdpY2U6FQAPIQACUHdpY2UuAAAAAA==',
  ZSTD: 'KLUv/QBYPAEA4E5ldmVyIGxvc3QsIG5xdWlldGx5IHR3aWNlOi4DAEQtAGcqb8sXAQAA',
}

/**
 * Makes every codec of Kafka readable, and tries each. One batch in a codec that is not registered stops kafkajs's consumer
 * for good (RELIABILITY K22), so a build that lost one of them must not even start.
 */
export async function registerCodecs(): Promise<void> {
  CompressionCodecs[CompressionTypes.LZ4] = readOnly('LZ4', readLz4)
  CompressionCodecs[CompressionTypes.ZSTD] = readOnly('ZSTD', readZstd)
  for (const [name, frame] of Object.entries(asJavaWritesThem)) {
    const registered: unknown = CompressionCodecs[CompressionTypes[name as keyof typeof asJavaWritesThem]]
    // kafkajs's own gzip is `() => codec`, as ours are.
    const codec = (registered as () => Codec)()
    const read = await codec.decompress(Buffer.from(frame, 'base64'))
    if (read.toString() !== words) throw new Error(`The codec ${name} does not read what Kafka's own client writes`)
  }
}
