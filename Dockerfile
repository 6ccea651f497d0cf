# The server. Builds with BuildKit and with the classic builder (docker-compose 1.29).
ARG NODE_IMAGE=node:24-bookworm-slim

# --- all packages, and what npm fetched; the same lines stand in probe/Dockerfile, so that a builder does it once for both ---
FROM ${NODE_IMAGE} AS packages
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY warts/package.json warts/
COPY sntp/package.json sntp/
COPY protocol/package.json protocol/
COPY probe/package.json probe/
COPY web/package.json web/
COPY cli/package.json cli/
RUN npm ci --ignore-scripts

# --- what compiles: the same lines, too ---
FROM packages AS build
COPY tsconfig*.json ./
COPY src src
COPY warts warts
COPY sntp sntp
COPY protocol protocol
COPY probe probe
RUN npm run build

# --- the dashboard, of the API's document ---
FROM packages AS web
COPY tsconfig*.json ./
COPY web web
COPY docs/openapi.yaml docs/
RUN npm run build:web

# --- what runs: production dependencies only, and none of the probe's; npm has what it fetched above ---
FROM packages AS dependencies
RUN mkdir /production && cp --parents package.json package-lock.json .npmrc */package.json /production
WORKDIR /production
RUN npm ci --omit=dev --prefer-offline --workspace warts --workspace sntp --workspace protocol --workspace web --include-workspace-root

# --- the image ---
FROM ${NODE_IMAGE}
ENV NODE_ENV=production \
    HOST=0.0.0.0 \
    PORT=5000 \
    DATA_DIR=/data \
    NPM_CONFIG_CACHE=/tmp/npm \
    NPM_CONFIG_UPDATE_NOTIFIER=false
WORKDIR /app
COPY --from=dependencies /production/node_modules node_modules
COPY --from=build /app/warts/package.json warts/package.json
COPY --from=build /app/warts/dist warts/dist
COPY --from=build /app/sntp/package.json sntp/package.json
COPY --from=build /app/sntp/dist sntp/dist
COPY --from=build /app/protocol/package.json protocol/package.json
COPY --from=build /app/protocol/dist protocol/dist
COPY --from=web /app/web/package.json web/package.json
COPY --from=web /app/web/dist web/dist
COPY --from=build /app/dist dist
COPY package.json ./
COPY deploy/mongo/init.mjs deploy/mongo/
# The compiled server is read-only to the account that runs it; its data are in /data alone.
RUN mkdir -p /data && chown node:node /data && chmod 0700 /data
USER node
VOLUME ["/data"]
EXPOSE 5000
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:'+(process.env.PORT||5000)+'/health/ready').then((r)=>process.exit(r.ok?0:1),()=>process.exit(1))"]
CMD ["node", "--max-semi-space-size=64", "dist/main.js"]
