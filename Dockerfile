# syntax=docker/dockerfile:1
# Three images from one checkout: docker build --target agent|hub|web .
# None runs as root or writes outside of the volumes named below; the charts in helm/ run them so.

ARG PYTHON_VERSION=3.12
ARG NODE_VERSION=22

# The Web IDE: npm is needed here and nowhere after.
FROM node:${NODE_VERSION}-slim AS page
WORKDIR /src/octokube_web/ide
COPY octokube_web/ide/package.json octokube_web/ide/package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY octokube_web/ide ./
RUN npm run build

# One wheel for all three. The page comes from the stage above, so the build is told not to look for Node.js.
FROM python:${PYTHON_VERSION}-slim AS wheel
WORKDIR /src
COPY pyproject.toml setup.cfg MANIFEST.in README.md LICENSE ./
COPY tools/build_backend.py tools/
COPY octokube octokube
COPY octokube_agent octokube_agent
COPY octokube_hub octokube_hub
COPY octokube_demo octokube_demo
COPY octokube_web octokube_web
COPY --from=page /src/octokube_web/static octokube_web/static
RUN OCTOKUBE_SKIP_IDE=1 pip wheel --no-cache-dir --no-deps --wheel-dir /wheels . \
    && python -m venv /opt/octokube

FROM wheel AS agent-environment
RUN /opt/octokube/bin/pip install --no-cache-dir "$(echo /wheels/octokube-*.whl)[agent]"

FROM wheel AS hub-environment
RUN /opt/octokube/bin/pip install --no-cache-dir "$(echo /wheels/octokube-*.whl)[hub]"

FROM wheel AS web-environment
RUN /opt/octokube/bin/pip install --no-cache-dir "$(echo /wheels/octokube-*.whl)[web]"

FROM python:${PYTHON_VERSION}-slim AS base
RUN groupadd --gid 65532 octokube \
    && useradd --uid 65532 --gid 65532 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin octokube
ENV PATH=/opt/octokube/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
LABEL org.opencontainers.image.licenses=Apache-2.0 \
      org.opencontainers.image.vendor=Octokube

# The agent dials out and listens on nothing, so there is nothing to check from outside: it ends when it cannot go on.
FROM base AS agent
LABEL org.opencontainers.image.title=octokube-agent \
      org.opencontainers.image.description="Keeps an Octokube hub equal to a cluster, over one outbound connection."
COPY --from=agent-environment /opt/octokube /opt/octokube
USER 65532:65532
ENTRYPOINT ["octokube-agent"]

FROM base AS hub
LABEL org.opencontainers.image.title=octokube-hub \
      org.opencontainers.image.description="Serves clusters to people, filtered by Virtual RBAC."
COPY --from=hub-environment /opt/octokube /opt/octokube
RUN install -d -o 65532 -g 65532 -m 0700 /var/lib/octokube \
    && install -d /etc/octokube/policies
VOLUME /var/lib/octokube
EXPOSE 7443
USER 65532:65532
# By socket: the hub speaks TLS with a certificate that only its clients know how to check.
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s \
    CMD ["python", "-c", "import socket; socket.create_connection(('127.0.0.1', 7443), 3).close()"]
ENTRYPOINT ["octokube-hub"]
CMD ["serve", "--listen=0.0.0.0:7443", "--data=/var/lib/octokube", "--policies=/etc/octokube/policies"]

FROM base AS web
LABEL org.opencontainers.image.title=octokube-web \
      org.opencontainers.image.description="Serves the Web IDE and carries people's streams."
COPY --from=web-environment /opt/octokube /opt/octokube
EXPOSE 7080
USER 65532:65532
# For plain HTTP behind a proxy; who has the gateway itself speak HTTPS gives another check.
HEALTHCHECK --interval=10s --timeout=5s --start-period=10s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:7080/livez', timeout=3)"]
ENTRYPOINT ["octokube-web"]
CMD ["--listen=0.0.0.0:7080"]
