# Two stages: the first builds the environment from the hashed lock, the second carries only what runs.
# The base is pinned by tag. Before a release, pin the digest that `docker buildx imagetools inspect` prints
# for this tag and put it into both FROM lines through the argument, as python:3.11-slim-bookworm@sha256:...
ARG BASE=python:3.11-slim-bookworm

FROM ${BASE} AS build
ARG UV_VERSION=0.13.9
ENV VIRTUAL_ENV=/opt/yuebao/venv \
    UV_LINK_MODE=copy
RUN python -m venv "$VIRTUAL_ENV" \
    && python -m pip install --no-cache-dir "uv==$UV_VERSION"
WORKDIR /build
COPY requirements.lock ./
RUN uv pip sync --require-hashes --no-cache --compile-bytecode requirements.lock
# Run from the tree, as in a checkout: nothing is built, and migrations lie beside the package.
COPY app /opt/yuebao/app
COPY migrations /opt/yuebao/migrations
COPY LICENSE NOTICE.md /opt/yuebao/
RUN python -m compileall -q /opt/yuebao/app /opt/yuebao/migrations

FROM ${BASE} AS run
ARG VERSION=0.1.0
ARG REVISION=unknown
ARG CREATED=unknown
LABEL org.opencontainers.image.title="Yuebao" \
      org.opencontainers.image.description="Monthly reports with evidence, reconciled with an authoritative ledger" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION" \
      org.opencontainers.image.created="$CREATED" \
      org.opencontainers.image.source="https://github.com/yuebao/yuebao" \
      org.opencontainers.image.documentation="https://github.com/yuebao/yuebao/tree/main/docs" \
      org.opencontainers.image.vendor="The Yuebao authors" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.base.name="python:3.11-slim-bookworm"
COPY --from=build /opt/yuebao /opt/yuebao
# A number, so that Kubernetes can see that it is not root; nothing but /data belongs to it.
RUN install -d -o 10001 -g 10001 /data
ENV PATH=/opt/yuebao/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    YUEBAO_DATA_DIR=/data
WORKDIR /opt/yuebao
USER 10001:10001
VOLUME /data
EXPOSE 8000
# No shell and no curl needed; live says only that the process answers, so a slow database restarts nothing.
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/health/live', timeout=4)"]
STOPSIGNAL SIGTERM
# `docker run IMAGE init` once before, and after each upgrade; see docs/container.md.
ENTRYPOINT ["python", "-m", "app"]
CMD ["serve", "--host", "0.0.0.0", "--port", "8000"]
