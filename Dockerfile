# The server over HTTP, for any number of replicas. Needs at run time: KMS_TAGS_HTTP_TOKENS or --oauth-issuer and
# --oauth-audience, --allowed-hosts, and credentials for KMS; several replicas also need KMS_TAGS_STATE_KEY and
# KMS_TAGS_JOURNAL. Runs with a read-only file system; without Redis, /state must be a volume, for undo.
FROM node:22-bookworm-slim AS build
WORKDIR /src
COPY package.json package-lock.json ./
# No scripts: nothing of what is installed may run anything here but the build itself.
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY scripts scripts
COPY emulator emulator
COPY src src
RUN node scripts/build.js

# Everything is in the bundle: no node_modules, and no compiler.
FROM node:22-bookworm-slim
RUN mkdir /state && chown 1000:1000 /state
COPY --from=build /src/dist /app
# It says that the files are modules, where Node would have to guess.
COPY --from=build /src/package.json /app/
# The port stays 3000 by default: Kubernetes and Docker links put a KMS_TAGS_PORT of their own here (tcp://…).
ENV NODE_ENV=production KMS_TAGS_HOST=0.0.0.0 KMS_TAGS_STATE_DIR=/state
USER 1000:1000
EXPOSE 3000
# SIGTERM drains: up to 57 s, so `docker stop --time 60`.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${/^\\d+$/.test(process.env.KMS_TAGS_PORT) ? process.env.KMS_TAGS_PORT : 3000}/healthz`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "/app/main.js", "http"]
