# syntax=docker/dockerfile:1
# One image plays every Python role: Airflow's four components, the Spark master and worker, the producer, the
# simulator and the one-shot set-up. So driver and executor always run the same Python.
#
# Debian bookworm, because it is the release whose packages include Java 17.
ARG PYTHON_IMAGE=python:3.11.15-slim-bookworm

FROM ${PYTHON_IMAGE} AS build
ARG UV_VERSION=0.13.9
ENV UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy UV_NO_CACHE=1 UV_PYTHON_DOWNLOADS=never \
    VIRTUAL_ENV=/opt/venv PATH=/opt/venv/bin:$PATH
RUN apt-get update \
 && apt-get install --yes --no-install-recommends openjdk-17-jre-headless \
 && rm -rf /var/lib/apt/lists/* \
 && pip install --no-cache-dir "uv==${UV_VERSION}" \
 && uv venv /opt/venv
WORKDIR /build

# The dependencies first: this layer is rebuilt only when they change. The lock also holds the development tools, so it
# constrains what pyproject.toml asks for instead of being installed whole; uv checks the hashes of a constraint too.
# The last line refuses whatever is not in the lock.
COPY pyproject.toml requirements.lock ./
RUN uv pip install --verify-hashes --constraint requirements.lock --requirements pyproject.toml \
 && uv pip freeze > installed.txt \
 && sed -n 's/^\([A-Za-z0-9._-]*==[^ ;\\]*\).*/\1/p' requirements.lock > locked.txt \
 && ! grep --line-regexp --fixed-strings --invert-match --file=locked.txt installed.txt

# The library, with include/ inside.
COPY README.md ./
COPY src src
COPY include include
RUN uv pip install --no-deps --build-constraints requirements.lock .

# Spark's Kafka connector, jar by jar from include/jars.lock, each checked by its SHA-256.
COPY compose/install_jars.py compose/
RUN python compose/install_jars.py /opt/marketpulse/jars

FROM ${PYTHON_IMAGE}
# dumb-init passes a signal to the whole process group: the scheduler's own workers must hear SIGTERM too.
# procps is what Spark's and Airflow's scripts call; curl is for the health checks.
RUN apt-get update \
 && apt-get install --yes --no-install-recommends curl dumb-init openjdk-17-jre-headless procps \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --uid 10001 --create-home --shell /usr/sbin/nologin marketpulse \
 && install --directory --owner=marketpulse --group=marketpulse \
      /var/lib/marketpulse/airflow /var/lib/marketpulse/backups /var/lib/marketpulse/reports \
      /var/lib/marketpulse/simulator /var/lib/marketpulse/spark
COPY --from=build /opt/venv /opt/venv
COPY --from=build /opt/marketpulse/jars /opt/marketpulse/jars
COPY dags /opt/marketpulse/dags
COPY plugins /opt/marketpulse/plugins
COPY spark_apps /opt/marketpulse/spark_apps
COPY compose/airflow_init.py compose/airflow_health.py /opt/marketpulse/compose/

ENV VIRTUAL_ENV=/opt/venv PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    PYSPARK_PYTHON=/opt/venv/bin/python PYSPARK_DRIVER_PYTHON=/opt/venv/bin/python \
    AIRFLOW_HOME=/var/lib/marketpulse/airflow \
    AIRFLOW__CORE__DAGS_FOLDER=/opt/marketpulse/dags \
    AIRFLOW__CORE__PLUGINS_FOLDER=/opt/marketpulse/plugins \
    MARKETPULSE_STATE_DIR=/var/lib/marketpulse \
    MARKETPULSE_SPARK_JARS_DIR=/opt/marketpulse/jars/spark
USER marketpulse
WORKDIR /opt/marketpulse
ENTRYPOINT ["dumb-init", "--"]
CMD ["marketpulse", "--help"]
