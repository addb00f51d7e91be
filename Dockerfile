# The server with its web client. Started by docker-compose.yml; alone it wants DATABASE_URL.
FROM node:24.21.0-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
# No scripts: what they would fetch or build (an embedded Postgres, a browser) is not needed here.
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY server server
COPY drivers drivers
COPY web web
RUN node node_modules/vite/bin/vite.js build --config web/vite.config.ts

FROM node:24.21.0-bookworm-slim AS packages
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --omit=optional --ignore-scripts --no-audit --no-fund

FROM node:24.21.0-bookworm-slim
ENV NODE_ENV=production HOST=0.0.0.0 PORT=3000 DATA_DIR=/data
WORKDIR /app
# A named volume takes over owner and rights of the folder that it is mounted on first.
RUN mkdir /data && chown node:node /data
COPY --from=packages /app/node_modules node_modules
COPY package.json ./
COPY server server
COPY drivers drivers
COPY --from=build /app/web/dist web/dist
USER node
VOLUME /data
EXPOSE 3000
HEALTHCHECK --interval=10s --timeout=5s --retries=3 --start-period=60s \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/healthz`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
# Without a shell between: the stop signal reaches the server.
CMD ["node", "--max-semi-space-size=16", "--initial-old-space-size=64", "--heap-growing-percent=50", "server/main.ts"]
