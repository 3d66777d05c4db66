# One file, two images: `web` (dashboard and API) and `worker` (the messaging service, and the migration).

FROM node:24.11-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY . .
RUN npm run build

# The one package that cannot be bundled, for the programs in dist/.
FROM node:24.11-bookworm-slim AS native
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --ignore-scripts && mkdir -p /native/@node-rs && cp -r node_modules/@node-rs/. /native/@node-rs/

FROM node:24.11-bookworm-slim AS base
WORKDIR /app
ENV NODE_ENV=production
# kafkajs asks for timers that are already over; harmless (tulios/kafkajs#1751).
ENV NODE_OPTIONS="--disable-warning=TimeoutNegativeWarning --max-old-space-size=768"
USER node

FROM base AS web
COPY --from=build --chown=root:root /app/.next/standalone ./
ENV PORT=3005 HOSTNAME=0.0.0.0
EXPOSE 3005
HEALTHCHECK --interval=10s --timeout=6s --start-period=20s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:3005/api/health').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "server.js"]

FROM base AS worker
COPY --from=build --chown=root:root /app/dist/worker.mjs /app/dist/migrate.mjs ./dist/
COPY --from=build --chown=root:root /app/db/migrations ./db/migrations
COPY --from=native --chown=root:root /native ./node_modules
ENV WORKER_HOST=0.0.0.0
EXPOSE 6001
HEALTHCHECK --interval=10s --timeout=6s --start-period=20s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:6001/healthz').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "dist/worker.mjs"]
