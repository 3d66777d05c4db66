# One file, two images: `web` (dashboard and API) and `worker` (the messaging service; the migration is another command of it).
ARG NODE_IMAGE=node:24.19.0-bookworm-slim

FROM ${NODE_IMAGE} AS build
WORKDIR /app
ENV NEXT_TELEMETRY_DISABLED=1
COPY package.json package-lock.json .npmrc ./
COPY patches ./patches
# What the build needs comes without install scripts: none of them runs. Our own, which patches postgres.js, is named.
RUN npm ci --ignore-scripts && npm run postinstall
COPY . .
# A clone made with umask 077 would give files that the process may not read.
RUN npm run build && chmod -R a+rX .next/standalone dist db/migrations

FROM ${NODE_IMAGE} AS base
WORKDIR /app
ENV NODE_ENV=production
# kafkajs asks for timers that are already over; harmless (tulios/kafkajs#1751).
ENV NODE_OPTIONS="--enable-source-maps --disable-warning=TimeoutNegativeWarning --max-old-space-size=768"
# Files are root's, the process is not: it cannot change its own program.
USER node

FROM base AS web
COPY --from=build /app/.next/standalone ./
ENV NEXT_TELEMETRY_DISABLED=1 PORT=3005 HOSTNAME=0.0.0.0
EXPOSE 3005
HEALTHCHECK --interval=10s --timeout=6s --start-period=20s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:3005/api/health').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "server.js"]

FROM base AS worker
# Bundles: none of the three leaves a module to node_modules (stack/bundle.mjs; only seed-local, which is not here, does).
COPY --from=build /app/dist/worker.mjs /app/dist/worker.mjs.map /app/dist/migrate.mjs /app/dist/migrate.mjs.map /app/dist/admin.mjs /app/dist/admin.mjs.map ./dist/
COPY --from=build /app/db/migrations ./db/migrations
ENV WORKER_HOST=0.0.0.0 WORKER_PORT=6001
EXPOSE 6001
HEALTHCHECK --interval=10s --timeout=6s --start-period=20s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:6001/healthz').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "dist/worker.mjs"]
