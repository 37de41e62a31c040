# The image of the portal. It contains no secrets: they come from the environment of the container.

FROM python:3.13-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PYTHONDONTWRITEBYTECODE=1
WORKDIR /srv/portal
COPY requirements.txt .
RUN python -m venv /srv/python \
    && /srv/python/bin/pip install --require-hashes -r requirements.txt \
    && /srv/python/bin/pip uninstall --yes pip
COPY . .
RUN STATIC_ROOT=/srv/static DATA_DIR=/tmp/build /srv/python/bin/python manage.py collectstatic --no-input \
    && /srv/python/bin/python -m compileall -q .

FROM python:3.13-slim
RUN python -m pip uninstall --yes pip \
    && useradd --uid 10001 --user-group --no-create-home --shell /usr/sbin/nologin portal \
    && install -d -o portal -g portal -m 0700 /srv/data
COPY --from=build /srv/python /srv/python
COPY --from=build /srv/static /srv/static
COPY --from=build /srv/portal /srv/portal
WORKDIR /srv/portal
ENV PATH=/srv/python/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    STATIC_ROOT=/srv/static DATA_DIR=/srv/data BIND=0.0.0.0 PORT=8000 MALLOC_ARENA_MAX=2
USER portal
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 CMD ["python", "deploy/healthcheck.py"]
CMD ["gunicorn", "-c", "portal/gunicorn.conf.py"]
