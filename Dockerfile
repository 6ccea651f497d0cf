# The server. Builds with BuildKit and with the classic builder (docker-compose 1.29).
ARG NODE_IMAGE=node:20-bookworm-slim

# --- what runs: production dependencies only, and none of the probe's ---
FROM ${NODE_IMAGE} AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY warts/package.json warts/
COPY sntp/package.json sntp/
COPY protocol/package.json protocol/
COPY probe/package.json probe/
RUN npm ci --omit=dev --workspace warts --workspace sntp --workspace protocol --include-workspace-root && npm cache clean --force

# --- what compiles ---
FROM ${NODE_IMAGE} AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY warts/package.json warts/
COPY sntp/package.json sntp/
COPY protocol/package.json protocol/
COPY probe/package.json probe/
RUN npm ci && npm cache clean --force
COPY tsconfig*.json ./
COPY src src
COPY warts warts
COPY sntp sntp
COPY protocol protocol
COPY probe probe
RUN npm run build

# --- the image ---
FROM ${NODE_IMAGE}
ENV NODE_ENV=production \
    HOST=0.0.0.0 \
    PORT=5000 \
    DATA_DIR=/data \
    NPM_CONFIG_CACHE=/tmp/npm \
    NPM_CONFIG_UPDATE_NOTIFIER=false
WORKDIR /app
COPY --from=dependencies /app/node_modules node_modules
COPY --from=build /app/warts/package.json warts/package.json
COPY --from=build /app/warts/dist warts/dist
COPY --from=build /app/sntp/package.json sntp/package.json
COPY --from=build /app/sntp/dist sntp/dist
COPY --from=build /app/protocol/package.json protocol/package.json
COPY --from=build /app/protocol/dist protocol/dist
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
