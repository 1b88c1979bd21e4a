# Stage 1: the studio, as files that a browser loads.
FROM node:20-slim AS studio
WORKDIR /src/web
COPY web/package.json web/package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY web ./
RUN npm run build

# Stage 2: the wheel and its pinned dependencies, in a virtual environment.
FROM python:3.11-slim AS build
WORKDIR /src
COPY constraints.txt ./
RUN python -m venv /opt/8gentc \
 && /opt/8gentc/bin/python -m pip install --no-cache-dir --constraint constraints.txt pip
COPY pyproject.toml README.md LICENSE CHANGELOG.md ./
COPY server server
COPY --from=studio /src/server/edge/static/studio server/edge/static/studio
COPY store store
COPY ai_agent ai_agent
RUN /opt/8gentc/bin/python -m pip wheel --no-cache-dir --no-deps \
      --build-constraint constraints.txt --wheel-dir dist . \
 && /opt/8gentc/bin/python -m pip install --no-cache-dir --constraint constraints.txt "$(echo dist/*.whl)[remote]"

# Stage 3: only that environment, run by somebody who owns nothing but /data.
FROM python:3.11-slim
RUN useradd --system --uid 10001 --no-create-home 8gentc \
 && install --directory --owner=8gentc --mode=0700 /data
COPY --from=build /opt/8gentc /opt/8gentc
ENV PATH=/opt/8gentc/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    AGENTC_HOST=0.0.0.0 \
    AGENTC_PORT=8000
# The default database and secret live in ./data: here that is /data.
WORKDIR /
VOLUME /data
USER 8gentc
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s CMD ["python", "-c", \
 "import os, urllib.request as r; r.urlopen('http://127.0.0.1:%s/health/ready' % os.environ['AGENTC_PORT'], timeout=4)"]
# Exec form: SIGTERM reaches the server, which drains before it ends.
ENTRYPOINT ["8gentc"]
CMD ["serve"]
