# The images of the portal. They contain no secrets: those come from the environment of the container.
#   docker build .                                     the portal for production, which is the last target
#   docker build --target demo -t pumble-api-keys:demo .    the portal with the local Pumble, to try it:
#   docker run --rm --network host pumble-api-keys:demo     both listen on 127.0.0.1 only, because anyone can sign in

FROM python:3.13-slim AS base
RUN python -m pip uninstall --yes pip \
    && useradd --uid 10001 --user-group --no-create-home --shell /usr/sbin/nologin portal \
    && install -d -o portal -g portal -m 0700 /srv/data /srv/uploads
WORKDIR /srv/portal
ENV PATH=/srv/python/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 DATA_DIR=/srv/data PORT=8000 MALLOC_ARENA_MAX=2
USER portal
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 CMD ["python", "deploy/healthcheck.py"]

FROM python:3.13-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PYTHONDONTWRITEBYTECODE=1
WORKDIR /srv/portal
COPY requirements.txt /srv/
# The catalogues of other languages are 20 MB.
RUN --mount=type=cache,target=/root/.cache/pip \
    python -m venv --without-pip /srv/python \
    && python -m pip --python /srv/python/bin/python install --require-hashes -r /srv/requirements.txt \
    && find /srv/python -name '*.po' -delete \
    && find /srv/python -path '*/locale/*' -name '*.mo' -not -path '*/en/*' -not -path '*/es/*' -delete
COPY . .
RUN python -m compileall -q .

FROM build AS collected
RUN STATIC_ROOT=/srv/static DATA_DIR=/tmp/build /srv/python/bin/python manage.py collectstatic --no-input --ignore redoc \
    && rm -r sandbox /srv/python/lib/python3*/site-packages/drf_spectacular_sidecar/static

FROM base AS demo
COPY --from=build /srv/python /srv/python
COPY --from=build /srv/portal /srv/portal
ENV LOCAL_PUMBLE=true BIND=127.0.0.1
CMD ["python", "manage.py", "demo"]

FROM base
COPY --from=collected /srv/python /srv/python
COPY --from=collected /srv/static /srv/static
COPY --from=collected /srv/portal /srv/portal
ENV STATIC_ROOT=/srv/static BIND=0.0.0.0
EXPOSE 8000
CMD ["gunicorn", "-c", "portal/gunicorn.conf.py"]
