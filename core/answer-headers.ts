/**
 * On every answer of the web process, whoever makes it: a route, a page, a file, Next itself, or Node's parser. A
 * Content-Security-Policy of its own have the pages (proxy.ts) and the preview of a mail; nothing else loads or runs anything.
 */
export const answerHeaders: Record<string, string> = {
  'Strict-Transport-Security': 'max-age=63072000; includeSubDomains',
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Permissions-Policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
  // What may be kept says so itself: the files of the build.
  'Cache-Control': 'no-store',
}
