# Puente in a container: `python -m container` (docs/operations.md, "A container").
# Build it yourself, where it runs: PyAV's wheel carries GPL codecs, so an image that was published
# would be a distribution of them by whoever publishes it.
FROM public.ecr.aws/docker/library/python:3.13-slim AS packages
WORKDIR /build
RUN python -m venv /opt/venv
COPY requirements.txt requirements-container.txt ./
RUN /opt/venv/bin/pip install --no-cache-dir --only-binary=:all: -r requirements-container.txt

FROM public.ecr.aws/docker/library/python:3.13-slim
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin puente
COPY --from=packages /opt/venv /opt/venv
WORKDIR /srv
COPY app.py ./
COPY chalicelib chalicelib
COPY container container
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
USER 10001
EXPOSE 8080
ENTRYPOINT ["python", "-m", "container"]
