# One image; the command chooses the part: web server, daemon, code server or tracking service (see compose.yaml).
FROM python:3.12-slim-bookworm

# Pango is what WeasyPrint draws the proposals with; the fonts are what they are set in.
RUN apt-get update \
    && apt-get install -y --no-install-recommends libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-dejavu-core fonts-liberation2 \
    && rm -rf /var/lib/apt/lists/* \
    && pip install --no-cache-dir uv \
    && useradd --create-home --uid 10001 leadgen

WORKDIR /app
COPY pyproject.toml README.md LICENSE dagster.yaml workspace.yaml ./
COPY leadgen_assets leadgen_assets
COPY tracking_service tracking_service
COPY migrations migrations
RUN UV_COMPILE_BYTECODE=1 uv sync --no-dev --no-editable && mkdir -p /data /dagster && cp dagster.yaml workspace.yaml /dagster/ \
    && printf '\nstorage:\n  postgres:\n    postgres_url:\n      env: DAGSTER_POSTGRES_URL\n' >> /dagster/dagster.yaml \
    && chown -R leadgen /data /dagster

USER leadgen
ENV PATH="/app/.venv/bin:$PATH" LEADGEN_HOME=/data DAGSTER_HOME=/dagster PYTHONUNBUFFERED=1
VOLUME ["/data"]
CMD ["python", "-m", "tracking_service"]
