// Standalone output: the same server runs in the container and in the local stack.
/** @type {import('next').NextConfig} */
const config = {
  output: 'standalone',
  outputFileTracingRoot: import.meta.dirname,
  poweredByHeader: false,
  reactStrictMode: true,
  images: { unoptimized: true }, // no page has one to resize, and the part that would do it is one more way in
  // On every answer, errors included; the CSP of pages carries a nonce and is set in proxy.ts.
  headers: () => [
    {
      source: '/:path*',
      headers: [
        { key: 'Strict-Transport-Security', value: 'max-age=63072000; includeSubDomains' },
        { key: 'X-Content-Type-Options', value: 'nosniff' },
        { key: 'Referrer-Policy', value: 'no-referrer' },
        { key: 'Cross-Origin-Opener-Policy', value: 'same-origin' },
        { key: 'Permissions-Policy', value: 'camera=(), geolocation=(), microphone=(), payment=(), usb=()' },
      ],
    },
    {
      source: '/api/:path*',
      headers: [{ key: 'Content-Security-Policy', value: "default-src 'none'; frame-ancestors 'none'" }],
    },
  ],
  serverExternalPackages: ['pino', 'kafkajs', 'kafkajs-snappy', 'postgres', '@node-rs/argon2'],
  typescript: { ignoreBuildErrors: true }, // `npm run typecheck` checks everything once, the build does not repeat it
}
export default config
