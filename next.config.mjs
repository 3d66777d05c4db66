// Standalone output: the same server runs in the container and in the local stack.
/** @type {import('next').NextConfig} */
const config = {
  output: 'standalone',
  outputFileTracingRoot: import.meta.dirname,
  poweredByHeader: false,
  reactStrictMode: true,
  images: { unoptimized: true }, // no page has one to resize, and the part that would do it is one more way in
  serverExternalPackages: ['pino', 'kafkajs', 'kafkajs-snappy', 'postgres', '@node-rs/argon2'],
  typescript: { ignoreBuildErrors: true }, // `npm run typecheck` checks everything once, the build does not repeat it
}
export default config
