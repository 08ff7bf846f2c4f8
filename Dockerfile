# The service in an image: built in one stage, run by a plain user in another that has neither
# pip nor a compiler nor tests. Pin the base where it is built:
#   docker build --build-arg BASE=debian:trixie-slim@sha256:… -t zhengyan .
# It needs a PostgreSQL, named by DATABASE_URL, and a volume for the node's own keys:
#   docker run --rm -e DATABASE_URL=… --entrypoint /opt/zhengyan/bin/alembic zhengyan upgrade head
#   docker run -e DATABASE_URL=… -v keys:/srv/zhengyan/keys -p 8000:8000 zhengyan
# Uploads (POST /v1/jobs) are worked off by workers beside it: the container keeps one itself
# (ZHENGYAN_JOB_WORKERS), and needs some seconds to end it in order: --stop-timeout 30.
# On machines of their own, with the same database and the same keys, as many as there are cores (and
# then -e ZHENGYAN_JOB_WORKERS=0 above). They listen nowhere, so that there is nothing to ask for
# health: one that ends is started again.
#   docker run --no-healthcheck --restart always --stop-timeout 30 -e DATABASE_URL=… -v keys:/srv/zhengyan/keys zhengyan worker
ARG BASE=debian:trixie-slim

FROM ${BASE} AS build
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates python3 python3-venv \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY requirements.lock requirements-build.lock ./
# Everything from the network is named by hash, the builder too; wheels only.
RUN python3 -m venv /opt/build \
 && /opt/build/bin/pip install --no-cache-dir --only-binary :all: --require-hashes -r requirements-build.lock
RUN python3 -m venv --without-pip /opt/zhengyan \
 && /opt/build/bin/pip --python /opt/zhengyan/bin/python install --no-cache-dir --only-binary :all: --require-hashes -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY app app
RUN /opt/build/bin/pip wheel --no-index --no-deps --no-build-isolation --wheel-dir /dist . \
 && /opt/build/bin/pip --python /opt/zhengyan/bin/python install --no-index --no-deps /dist/*.whl

FROM ${BASE}
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates python3 \
 && rm -rf /var/lib/apt/lists/* \
 && groupadd --gid 10001 zhengyan \
 && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /srv/zhengyan --shell /usr/sbin/nologin zhengyan \
 && install -d -o 10001 -g 10001 -m 0700 /srv/zhengyan/keys
COPY --from=build /opt/zhengyan /opt/zhengyan
WORKDIR /srv/zhengyan
COPY alembic.ini ./
COPY migrations migrations
ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 ZHENGYAN_KEY_FOLDER=/srv/zhengyan/keys ZHENGYAN_JOB_WORKERS=1
USER 10001:10001
EXPOSE 8000
# Alive, not ready: an outage of the database is no reason to restart the service.
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s CMD ["/opt/zhengyan/bin/python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/livez', timeout=3)"]
ENTRYPOINT ["/opt/zhengyan/bin/zhengyan"]
CMD ["serve", "--host", "0.0.0.0", "--port", "8000"]
